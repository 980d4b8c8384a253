// What every page gains from a browser with scripts. Without this file everything still works, with one page load more.

// The server shows times in the reader's zone; only the browser knows which one that is.
function tellTimeZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `timezone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
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

// After a refused form the reader starts at the list of what to change.
document.querySelector("[data-focus-first]")?.focus();

// A refusal brings its own notice and says where it goes; a refused form (422) is shown again with what to change.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status !== 422 && !xhr.getResponseHeader("HX-Retarget")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// A change in place that failed says so, where notices stand.
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    const notice = document.getElementById("notice-unsent").content.cloneNode(true);
    document.getElementById("messages")?.replaceChildren(notice);
  });
}

tellTimeZone();
