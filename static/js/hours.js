// Weekly hours and exceptions: more rows without a reload, and rows that can be taken away.
//
// Each Django formset in a [data-hours] with one <template data-hours-row> whose names carry __prefix__ and whose weekday
// is __weekday__; each day is [data-hours-day="0"…"6"] with a list [data-hours-rows] and a button [data-hours-add].

const editors = document.querySelectorAll("[data-hours]");

function addRow(editor, day) {
  const total = editor.querySelector('input[name$="-TOTAL_FORMS"]');
  const html = editor
    .querySelector("template[data-hours-row]")
    .innerHTML.replaceAll("__prefix__", total.value)
    .replaceAll("__weekday__", day.dataset.hoursDay);
  total.value = Number(total.value) + 1;
  const rows = day.querySelector("[data-hours-rows]");
  rows.insertAdjacentHTML("beforeend", html);
  rows.lastElementChild.querySelector("[data-hours-remove]").hidden = false;
  rows.lastElementChild.querySelector("select, input:not([type=hidden], [type=checkbox])").focus();
  day.classList.remove("is-closed");
}

function removeRow(row) {
  const day = row.closest("[data-hours-day]");
  row.querySelector('input[name$="-DELETE"]').checked = true;
  for (const field of row.querySelectorAll("input[required]")) field.required = false;
  row.classList.add("is-removed");
  day.classList.toggle("is-closed", !day.querySelector("[data-hours-row-item]:not(.is-removed)"));
  day.querySelector("[data-hours-add]").focus();
}

for (const editor of editors) {
  editor.addEventListener("click", (event) => {
    const add = event.target.closest("[data-hours-add]");
    const remove = event.target.closest("[data-hours-remove]");
    if (add) addRow(editor, add.closest("[data-hours-day]"));
    if (remove) removeRow(remove.closest("[data-hours-row-item]"));
  });
  // Only with scripts are these of use.
  for (const button of editor.querySelectorAll("[data-hours-add], [data-hours-remove]")) button.hidden = false;
}
