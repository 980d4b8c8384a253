// The countdown of a held time. The server's words stand in the page; this keeps them moving.
//
// <section data-hold data-expires="2026-11-20T14:05:00Z" data-seconds="300">
//   <… data-hold-left>4:59</…> <progress data-hold-bar max="300"> <p role="status" data-hold-said></p>
//   what has data-hold-counting is shown, since without scripts nothing counts;
//   elements with data-hold-while-live and data-hold-when-over are swapped at the end

const pad = (number) => String(number).padStart(2, "0");

function watch(hold) {
  // By the page's own clock and the seconds the server counted: a wrong clock on the device does no harm.
  let endsAt = performance.now() + Number(hold.dataset.seconds) * 1000;
  const left = hold.querySelector("[data-hold-left]");
  const bar = hold.querySelector("[data-hold-bar]");
  const said = hold.querySelector("[data-hold-said]");
  const counting = hold.querySelector("[data-hold-counting]");
  let spoken = Infinity;

  function say(seconds) {
    // Spoken at two minutes, one minute and half a minute; a voice that counts every second helps nobody.
    for (const mark of [120, 60, 30]) {
      if (seconds <= mark && spoken > mark) {
        spoken = mark;
        said.textContent = mark >= 60 ? `${mark / 60} minute${mark > 60 ? "s" : ""} left.` : `${mark} seconds left.`;
        return;
      }
    }
  }

  function show() {
    const seconds = Math.max(0, Math.round((endsAt - performance.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
    if (bar) bar.value = seconds;
    hold.classList.toggle("hold-ending", seconds > 0 && seconds <= 60);
    say(seconds);
    if (seconds > 0) return;
    clearInterval(timer);
    hold.classList.remove("hold-ending");
    hold.classList.add("hold-over");
    for (const part of document.querySelectorAll("[data-hold-while-live]")) part.hidden = true;
    for (const part of document.querySelectorAll("[data-hold-when-over]")) part.hidden = false;
    said.textContent = "The five minutes are over.";
  }

  if (counting) counting.hidden = false;
  const timer = setInterval(show, 1000);
  document.addEventListener("visibilitychange", show);
  hold.addEventListener("hold:kept", (event) => {
    endsAt = performance.now() + event.detail.secondsLeft * 1000;
    show();
  });
  show();
}

for (const hold of document.querySelectorAll("[data-hold]")) watch(hold);
