// The grid of a counselor's calendar (FullCalendar): drag to move, drag over free time to block it, undo.
//
// Every time in the grid is wall time of the counselor, handed to FullCalendar as if it were UTC. What the clock on that
// wall does comes from the server with the events ("clock"), so no zone is reckoned by this browser's own tables. Without
// scripts, and in a narrow window, the list below the grid serves instead.

const root = document.querySelector("[data-calendar]");
const dialog = document.querySelector("[data-calendar-dialog]");
const status = document.querySelector("[data-calendar-status]");
const wide = matchMedia("(min-width: 48em)");
const facts = root.dataset;
const counselorApi = `/api/counselors/${facts.counselor}`;
const mayBlock = "mayBlock" in facts;
const UNDO_MS = 20_000;
const QUARTER_MS = 900_000;
const NAMES = { hold: "Being booked", offer: "Waitlist offer", session: "Session at another centre" };
let clock = [];
let calendar;
let hasChanged = false;

// --- The server

class Refusal extends Error {
  constructor({ message, details = {} }) {
    super(details.start?.[0] ?? details.end?.[0] ?? message);
    this.alternatives = details.alternatives ?? [];
  }
}

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": root.querySelector("[name=csrfmiddlewaretoken]").value,
    },
    body: body && JSON.stringify(body),
  });
  const said = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Refusal(said.error);
  return said.data;
}

// --- The clock on the counselor's wall. A “wall” is milliseconds, as Date.UTC would count what the wall shows.

function wallOf(instant) {
  const ms = Date.parse(instant);
  return ms + clock.findLast((segment, number) => number === 0 || segment.from <= ms).offset;
}

// A time that comes twice is the first of them as a start and the last as an end; one that is jumped over lies after it.
function instantOf(wall, isEnd = false) {
  const shows = clock.filter(({ from, offset }, number) => {
    const instant = wall - offset;
    return instant >= from && instant < (clock[number + 1]?.from ?? Infinity);
  });
  const { offset } = shows.at(isEnd ? -1 : 0) ?? clock.findLast((segment) => wall - segment.offset >= segment.from);
  return new Date(wall - offset).toISOString();
}

const dayWords = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
const headWords = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", timeZone: "UTC" });

function clockWords(wall) {
  const at = new Date(wall);
  const hour = at.getUTCHours();
  return `${hour % 12 || 12}:${String(at.getUTCMinutes()).padStart(2, "0")} ${hour < 12 ? "am" : "pm"}`;
}

const whenWords = (wall) => `${dayWords.format(wall).replace(",", "")}, ${clockWords(wall)}`;
const spanWords = (start, end) => `${whenWords(start)} to ${clockWords(end)}`;

// --- What is shown

const written = (wall) => new Date(wall).toISOString().slice(0, 19);

function spanOf({ start, end }) {
  const first = wallOf(start);
  // Over an hour that comes twice, the wall may show less at the end than at the start.
  return { start: written(first), end: written(Math.max(wallOf(end), first + QUARTER_MS)) };
}

function eventOf(entry) {
  const isBlock = entry.kind === "block";
  const isOpen = entry.can.length > 0 || entry.status;
  const name = isBlock ? `Blocked${entry.title && `: ${entry.title}`}` : entry.title || NAMES[entry.kind];
  return {
    ...spanOf(entry),
    id: entry.id,
    title: entry.status && entry.status !== "confirmed" ? `${name} (${entry.status.replace("_", " ")})` : name,
    classNames: [`is-${entry.kind}`, entry.status && `is-${entry.status}`].filter(Boolean),
    url: isBlock && isOpen ? `/counselors/${facts.counselor}/blocks/${entry.id}` : entry.status && `/sessions/${entry.id}`,
    startEditable: entry.can.includes("reschedule") || entry.can.includes("change"),
    durationEditable: entry.can.includes("change"),
    extendedProps: { entry },
  };
}

const behind = (name, title) => (span) => ({ ...spanOf(span), title, display: "background", classNames: [name] });

async function read(_, show, fail) {
  try {
    const data = await ask("GET", `${counselorApi}/calendar?from=${facts.first}&to=${facts.last}`);
    clock = data.clock.map((one) => ({ from: Date.parse(one.from), offset: one.offset_minutes * 60_000 }));
    show([
      ...data.hours.map(behind("is-hours", "")),
      ...data.away.map(behind("is-away", "Away")),
      ...data.busy_elsewhere.map(behind("is-elsewhere", "Busy elsewhere")),
      ...data.entries.map(eventOf),
    ]);
  } catch (error) {
    unsent();
    fail(error);
  }
}

// --- What is asked and said

// Resolves to what was chosen: "do", "time:<n>" or "" for leaving it.
function askFirst({ title, words, doIt = "", leave, field = null, times = [], changeUrl = "" }) {
  const part = (name) => dialog.querySelector(`[data-${name}]`);
  part("title").textContent = title;
  part("words").textContent = words;
  part("do").textContent = doIt;
  part("do").hidden = !doIt;
  part("leave").textContent = leave;
  part("field").hidden = field === null;
  part("field").querySelector("input").value = field ?? "";
  part("change").hidden = !changeUrl;
  if (changeUrl) part("change").href = changeUrl;
  part("times").hidden = !times.length;
  part("times").replaceChildren(
    ...times.map((words, number) => {
      const button = Object.assign(document.createElement("button"), { className: "btn", value: `time:${number}`, textContent: words });
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
  // What was pressed last is off: a form is not sent twice (app.js). This one is asked again and again.
  for (const button of dialog.querySelectorAll("button")) button.disabled = false;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

function say(words, undo) {
  const notice = document.querySelector("[data-calendar-said]").content.cloneNode(true);
  notice.querySelector("[data-words]").textContent = words;
  const button = notice.querySelector("[data-undo]");
  if (undo) {
    button.addEventListener("click", () => {
      button.disabled = true;
      attempt(undo, () => {}).then((done) => done && say("It is as it was before."));
    });
    setTimeout(() => button.remove(), UNDO_MS);
  } else button.remove();
  status.replaceChildren(notice);
}

function unsent() {
  status.replaceChildren(document.getElementById("notice-unsent").content.cloneNode(true));
}

// Does it; what is refused snaps back, and is said in words. Resolves to whether it was done, or to a time chosen instead.
async function attempt(what, snapBack) {
  try {
    await what();
    hasChanged = true;
    calendar.refetchEvents();
    return true;
  } catch (error) {
    snapBack();
    if (!(error instanceof Refusal)) {
      unsent();
      return false;
    }
    const starts = error.alternatives.map((one) => one.start);
    const chosen = await askFirst({
      title: "This was not possible",
      words: starts.length ? `${error.message} These times are near:` : error.message,
      leave: "Leave it as it is",
      times: starts.map((start) => whenWords(wallOf(start))),
    });
    calendar.refetchEvents();
    return chosen.startsWith("time:") ? starts[Number(chosen.slice(5))] : false;
  }
}

// --- What is done

async function dropSession({ event, revert }) {
  const { entry } = event.extendedProps;
  const start = event.start.getTime();
  const was = whenWords(wallOf(entry.start));
  const chosen = await askFirst({
    title: "Move this session?",
    words: `${entry.title}, ${entry.type_name}: from ${was} to ${whenWords(start)}. ${entry.title} and ${facts.told} will be told.`,
    doIt: "Move it",
    leave: "Leave it where it was",
  });
  if (chosen === "do") await moveSession(entry, instantOf(start), revert);
  else revert();
}

async function moveSession(entry, start, snapBack) {
  const path = `/api/sessions/${entry.id}/reschedule`;
  const done = await attempt(() => ask("POST", path, { start }), snapBack);
  if (typeof done === "string") return moveSession(entry, done, () => {});
  if (!done) return;
  say(`The session with ${entry.title} is now on ${whenWords(wallOf(start))}.`, () => ask("POST", `${path}/undo`));
}

const blockPath = (id = "") => `${counselorApi}/blocks${id && `/${id}`}`;

async function changeBlock({ event, revert }) {
  const { entry } = event.extendedProps;
  const [start, end] = [event.start.getTime(), event.end.getTime()];
  const times = { start: instantOf(start), end: instantOf(end, true) };
  const done = await attempt(() => ask("PATCH", blockPath(entry.id), times), revert);
  if (done !== true) return;
  const before = { start: entry.start, end: entry.end };
  say(`The block is now ${spanWords(start, end)}.`, () => ask("PATCH", blockPath(entry.id), before));
}

async function blockTime({ start, end }) {
  const [first, last] = [start.getTime(), end.getTime()];
  const chosen = await askFirst({
    title: "Block this time?",
    words: `${spanWords(first, last)}. Nobody can book it then.`,
    doIt: "Block it",
    leave: "Leave it free",
    field: "",
  });
  calendar.unselect();
  if (chosen !== "do") return;
  const title = dialog.querySelector("[data-field] input").value;
  await addBlock({ start: instantOf(first), end: instantOf(last, true), title }, `${spanWords(first, last)} is blocked.`);
}

async function addBlock(block, words) {
  let added;
  const done = await attempt(async () => (added = await ask("POST", blockPath(), block)), () => {});
  if (done === true) say(words, () => ask("DELETE", blockPath(added.id)));
}

async function openBlock({ entry, url }) {
  const [start, end] = [wallOf(entry.start), wallOf(entry.end)];
  const chosen = await askFirst({
    title: entry.title || "Blocked time",
    words: `${spanWords(start, end)}. Nobody can book it then.`,
    doIt: "Remove the block",
    leave: "Close",
    changeUrl: url,
  });
  if (chosen !== "do") return;
  const again = { start: entry.start, end: entry.end, title: entry.title };
  const done = await attempt(() => ask("DELETE", blockPath(entry.id)), () => {});
  if (done === true) say(`${spanWords(start, end)} is free again.`, () => ask("POST", blockPath(), again));
}

// --- The grid

const hour = (number) => `${String(number).padStart(2, "0")}:00:00`;

function draw() {
  calendar = new FullCalendar.Calendar(root.querySelector("[data-calendar-grid]"), {
    timeZone: "UTC",
    locale: "en-GB",
    now: () => written(Date.now() + Number(facts.offsetMinutes) * 60_000),
    initialView: facts.view === "day" ? "timeGridDay" : "timeGridWeek",
    initialDate: facts.first,
    firstDay: 1,
    headerToolbar: false,
    allDaySlot: false,
    height: "auto",
    nowIndicator: true,
    slotMinTime: hour(facts.opens),
    slotMaxTime: hour(facts.closes),
    // Rows as high as what is snapped to: in higher ones FullCalendar drops a quarter of an hour too late.
    slotDuration: "00:15:00",
    slotLabelInterval: "01:00:00",
    slotLabelContent: ({ date }) => clockWords(date.getTime()).replace(":00", ""),
    dayHeaderContent: ({ date }) => headWords.format(date).replace(",", ""),
    eventContent: ({ event }) => {
      if (event.display === "background") return event.title;
      const [time, name] = [document.createElement("span"), document.createElement("span")];
      time.className = "calendar-event-time";
      time.textContent = clockWords(event.start.getTime());
      name.textContent = event.title;
      return { domNodes: [time, document.createTextNode(" "), name] };
    },
    selectable: mayBlock,
    selectMirror: true,
    events: read,
    select: blockTime,
    eventDrop: (move) => (move.event.extendedProps.entry.kind === "block" ? changeBlock(move) : dropSession(move)),
    eventResize: changeBlock,
    eventClick: ({ event, jsEvent }) => {
      const { entry } = event.extendedProps;
      if (entry?.kind !== "block" || !event.url) return;
      jsEvent.preventDefault();
      openBlock({ entry, url: event.url });
    },
  });
  calendar.render();
}

// In a narrow window the list is shown; it is fetched anew when the grid has changed what is in it.
async function showWhatFits() {
  root.hidden = !wide.matches;
  document.querySelector("[data-calendar-list]").hidden = wide.matches;
  if (wide.matches && !calendar) draw();
  if (wide.matches || !hasChanged) return;
  hasChanged = false;
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  document.querySelector("[data-calendar-list]").replaceWith(page.querySelector("[data-calendar-list]"));
}

wide.addEventListener("change", showWhatFits);
showWhatFits();
