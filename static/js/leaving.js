// A held time is given back a moment after its reader has gone: closed the tab, or opened another site. Moving about on
// this site keeps it, going Back included; a reload looks like leaving, and is taken back once the page is there again.
// Browsers that cannot tell moving about from leaving (no Navigation API) say nothing: the time runs out by itself.
//
// <section data-hold data-left-url="…" data-back-url="…"> with a form in it whose CSRF token goes along.

const SETTLED_MS = 2000;
const hold = document.querySelector("[data-left-url]");
const mark = `left:${hold?.dataset.leftUrl}`;
let isMovingAbout = false;

function withToken() {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", hold.querySelector("[name=csrfmiddlewaretoken]").value);
  return body;
}

function leave() {
  if (isMovingAbout) return;
  sessionStorage.setItem(mark, "yes");
  navigator.sendBeacon(hold.dataset.leftUrl, withToken());
}

async function comeBack() {
  const answer = await fetch(hold.dataset.backUrl, { method: "POST", body: withToken() });
  if (!answer.ok) return;
  const { seconds_left: secondsLeft } = await answer.json();
  hold.dispatchEvent(new CustomEvent("hold:kept", { detail: { secondsLeft } }));
}

if (hold && window.navigation) {
  navigation.addEventListener("navigate", (event) => {
    isMovingAbout = new URL(event.destination.url).origin === location.origin;
  });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", () => {
    isMovingAbout = false;
    if (!sessionStorage.getItem(mark)) return;
    sessionStorage.removeItem(mark);
    // What leaving said may still be on its way.
    setTimeout(comeBack, SETTLED_MS);
  });
}
