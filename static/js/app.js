// What every page gains from a browser with scripts. Without this file everything still works, with one page load more.

// The server shows times in the reader's zone; only the browser knows which one that is. A visitor's first page was made
// without knowing it: if it shows times (data-times-of-browser), it is asked for once more.
function tellTimeZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const told = `timezone=${encodeURIComponent(zone)}`;
  const isKnown = () => document.cookie.split("; ").includes(told);
  const wasKnown = isKnown();
  document.cookie = `${told}; path=/; max-age=31536000; samesite=lax`;
  if (!wasKnown && isKnown() && document.querySelector("[data-times-of-browser]")) location.reload();
}

// A menu closes with Escape, with a click beside it, and when the focus leaves it.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Colours and text size change at once, in place: a half-filled form is not lost to a reload.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-display-form]");
  const button = event.submitter;
  if (!form || !button?.name) return;
  event.preventDefault();
  const attribute = button.name === "theme" ? "data-bs-theme" : "data-font-size";
  document.documentElement.setAttribute(attribute, button.value);
  for (const other of form.querySelectorAll(`button[name="${button.name}"]`)) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const body = new FormData(form);
  body.set(button.name, button.value);
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
});

// A second tap on a slow line must not send a form twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || event.target.matches("[data-display-form]")) return;
  setTimeout(() => (button.disabled = true));
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("form button:disabled")) button.disabled = false;
});

// A page that answers a form is opened by its address when somebody comes back to it; the form is not sent again. Where
// that address shows something else, the page names its own (data-own-address).
const ownAddress = document.querySelector("[data-own-address]")?.dataset.ownAddress;
history.replaceState(history.state, "", ownAddress ?? location.href);

// After a refused form the reader starts at the list of what to change.
document.querySelector("[data-focus-first]")?.focus();

// A refusal brings its own notice and says where it goes; a refused form (422) is shown again with what to change.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status !== 422 && !xhr.getResponseHeader("HX-Retarget")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// Filters that are left open stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  for (const [name, value] of [...event.detail.formData]) if (value === "") event.detail.formData.delete(name);
});

// A change in place that failed says so, where notices stand.
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    const notice = document.getElementById("notice-unsent").content.cloneNode(true);
    document.getElementById("messages")?.replaceChildren(notice);
  });
}

tellTimeZone();
