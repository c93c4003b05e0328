// The page: takes moments of the run from jobpipe, and shows the newest. All that
// comes from there is text, and becomes nothing else: only textContent is set.

import { count, plural, rate, time, bytes, percent, clock, visible } from "./words.js";
import { draw, recolour, tell } from "./lane.js";

const at = id => document.getElementById(id);

// set changes a text if it has changed, so that nothing is read out or laid out
// without need.
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The moment that is shown, and what is known about it.
let moment = null;
let heard = 0; // when it came, in milliseconds since 1970
let over = false;
let paused = false;

// --- What comes from jobpipe

const choice = { find: "", by: "joined", from: 0 };
const silence = 4000; // milliseconds after which the lack of a word is worth one
const again = 2000; // milliseconds until the next try
let source = null;
let retry = 0;

function connect() {
  clearTimeout(retry);
  if (source) source.close();
  source = new EventSource("live?" + new URLSearchParams(choice));
  source.addEventListener("moment", e => take(e.data));
  source.addEventListener("over", e => {
    source.close();
    over = true;
    take(e.data);
  });
  source.onerror = () => {
    source.close();
    if (over) return;
    lost();
    retry = setTimeout(connect, again);
  };
}

function take(data) {
  const next = JSON.parse(data);
  if (moment && moment.began === next.began) {
    next.failures ??= moment.failures;
    if (!next.all) next.all = moment.all;
    if (next.state === "over") keepWorkers(next);
  }
  moment = next;
  heard = Date.now();
  if (over) pause(false);
  if (!paused) show();
}

// keepWorkers shows those who were there before the end, when they leave.
function keepWorkers(next) {
  for (const what of ["workers", "away", "match", "from", "slots", "working"]) next[what] = moment[what];
  next.rows = moment.rows.map(w => ({ ...w, running: 0, queued: 0 }));
}

// lost says that there is no word, as long as there is none.
function lost() {
  if (over) return;
  state("no word");
  at("why").textContent = heard
    ? `No word since ${clock(heard)}: jobpipe has ended, or cannot be reached. This is how it was then.`
    : "jobpipe cannot be reached.";
  say(at("why").textContent);
}

setInterval(() => {
  if (heard && !paused && Date.now() - heard > silence) lost();
}, 1000);

// --- What is said to those who listen: seldom, and only what has changed

const seldom = 10000;
let spoken = 0;
let unsaid = "";
let later = 0;

function say(text) {
  if (text === at("said").textContent) return;
  unsaid = text;
  clearTimeout(later);
  later = setTimeout(() => {
    spoken = Date.now();
    set(at("said"), unsaid);
  }, Math.max(0, spoken + seldom - Date.now()));
}

let before = {};

// announce says what is news: another state, another reason to wait, the next tenth
// of the jobs, the first failure and ten times as many.
function announce(m, why) {
  const now = {
    why: why.replace(/\d+/g, ""), // that time passes is no news
    tenth: m.total > 0 ? Math.floor(10 * m.done / m.total) : 0,
    failures: m.failed ? Math.floor(Math.log10(m.failed)) + 1 : 0,
  };
  const news = [];
  if (now.why !== before.why) news.push(why);
  if (now.tenth !== before.tenth && m.total > 0) news.push(`${percent(m.done / m.total)} of the jobs are done.`);
  if (now.failures !== before.failures && m.failed) news.push(`${plural(m.failed, "job")} failed.`);
  before = now;
  if (news.length) say(news.join(" "));
}

// --- The page

function show() {
  const m = moment;
  const why = reason(m);
  state(over ? "over" : m.state);
  set(at("why"), why);
  at("why").classList.toggle("calm", !over && m.why === "");
  announce(m, why);
  showFigures(m);
  showWorkers(m);
  showSlow(m);
  showFailures(m);
}

function state(name) {
  set(at("state"), name);
  at("state").dataset.state = name;
}

// reason is what the run waits for, in words, or what became of it.
function reason(m) {
  const text = visible(m.why);
  if (m.state !== "over") {
    return text ? text[0].toUpperCase() + text.slice(1) + "." : "Nothing holds it up.";
  }
  const failures = m.failed ? `, ${count(m.failed)} of them failed` : "";
  if (text) return `The run has ended before its time: ${text}. ${plural(m.done, "job")} done${failures}.`;
  if (m.done < m.total) return `The run has ended early: ${count(m.done)} of ${plural(m.total, "job")} done${failures}.`;
  return `The run is over: ${plural(m.done, "job")} done${failures}.`;
}

function showFigures(m) {
  const known = m.total > 0;
  const share = known ? m.done / m.total : 0;
  at("bar").hidden = !known;
  at("filled").style.width = 100 * share + "%";
  at("bar").setAttribute("aria-valuenow", Math.floor(100 * share));
  set(at("share"), known
    ? `${percent(share)}, ${count(m.done)} of ${m.ended ? "" : "about "}${plural(m.total, "job")}`
    : "How many jobs there are is known once all of them have been read.");
  document.title = (over ? "over" : known ? percent(share) : count(m.done)) + " – jobpipe";

  set(at("done"), count(m.done));
  set(at("rate"), rate(m.rate));
  set(at("left"), m.state === "over" ? "–" : time(m.left));
  set(at("failed"), count(m.failed));
  at("failed-figure").classList.toggle("bad", m.failed > 0);
  set(at("running"), `${count(m.running)} in ${plural(m.slots, "slot")}` + (m.kept ? `, ${count(m.kept)} away` : ""));
  set(at("queued"), count(m.queued));
  set(at("waiting"), count(m.waiting));
  set(at("retried"), count(m.retried));
  set(at("sent"), bytes(m.sent));
  set(at("received"), bytes(m.received));
  set(at("held"), bytes(m.held));
  set(at("at"), time(m.at));
}

// rows makes a table body have so many rows, each with a header and cells of these
// classes, and returns them.
function rows(body, n, classes) {
  while (body.rows.length > n) body.deleteRow(-1);
  while (body.rows.length < n) {
    const row = body.insertRow();
    row.setAttribute("role", "row");
    classes.forEach((name, i) => {
      const cell = document.createElement(i ? "td" : "th");
      cell.setAttribute("role", i ? "cell" : "rowheader");
      if (!i) cell.scope = "row";
      cell.className = name;
      row.append(cell);
    });
  }
  return body.rows;
}

const workerCells = ["worker", "lane", "number", "number running", "number queued", "number done", "number failed"];

function showWorkers(m) {
  set(at("workers-count"), count(m.workers) + (m.away ? `, ${count(m.away)} away` : ""));
  showWorker(rows(at("all"), 1, workerCells)[0], {
    name: "All together", strip: m.all, working: m.working,
    running: m.running, slots: m.slots, queued: m.queued, done: m.done, failed: m.failed + m.retried,
  });
  const list = rows(at("rows"), m.rows.length, workerCells);
  m.rows.forEach((w, i) => showWorker(list[i], w));
  at("no-workers").hidden = m.rows.length > 0;
  set(at("no-workers"), choice.find ? "No worker is called like that." : "There is no worker.");
  at("pages").hidden = m.match <= m.page;
  at("previous").disabled = m.from === 0;
  at("next").disabled = m.from + m.rows.length >= m.match;
  set(at("shown"), `${count(m.from + 1)} to ${count(m.from + m.rows.length)} of ${count(m.match)}`);
}

function showWorker(row, w) {
  const [name, lane, share, running, queued, done, failed] = row.cells;
  if (!lane.firstChild) {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    lane.append(canvas);
    name.append(document.createElement("span"), " ", document.createElement("small"));
  }
  const idle = !w.slots && row.parentNode === at("rows");
  set(name.firstChild, visible(w.name));
  set(name.lastChild, w.away ? "away" : idle ? "takes no jobs for now" : w.addr === "" ? "this machine" : visible(w.addr ?? ""));
  row.classList.toggle("away", Boolean(w.away));
  if (w.strip) {
    draw(lane.firstChild, w.strip);
    lane.firstChild.setAttribute("aria-label", tell(w.strip));
  }
  set(share, w.working + " %");
  set(running, `${count(w.running)}/${count(w.slots)}`);
  set(queued, count(w.queued));
  set(done, count(w.done));
  set(failed, count(w.failed));
  failed.classList.toggle("bad", w.failed > 0);
}

function showSlow(m) {
  at("slow-table").hidden = m.slow.length === 0;
  at("no-slow").hidden = m.slow.length > 0;
  const list = rows(at("slow-rows"), m.slow.length, ["job", "number", "worker", "text"]);
  m.slow.forEach((j, i) => {
    const [job, since, worker, text] = list[i].cells;
    set(job, j.count > 1 ? `${j.seq} to ${j.seq + j.count - 1}` : String(j.seq));
    set(since, time(j.for));
    set(worker, visible(j.worker));
    set(text, visible(j.text));
  });
}

// showFailures keeps what is there, so that one that was opened stays open.
function showFailures(m) {
  const failures = m.failures ?? [];
  at("no-failures").hidden = m.failed > 0;
  set(at("failures-count"), m.failed > failures.length && failures.length
    ? `${count(failures.length)} of ${count(m.failed)}` : m.failed ? count(m.failed) : "");
  const list = at("failure-list");
  const key = f => `${m.began} ${f.seq}`;
  const there = new Map(Array.from(list.children, item => [item.dataset.key, item]));
  const wanted = failures.map(f => there.get(key(f)) ?? failureItem(m, f, key(f)));
  if (wanted.length !== there.size || wanted.some((item, i) => list.children[i] !== item)) {
    const focus = document.activeElement;
    for (const item of there.values()) if (!wanted.includes(item)) item.remove();
    wanted.forEach((item, i) => {
      if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
    });
    if (focus && focus.isConnected && document.activeElement !== focus) focus.focus();
  }
}

function failureItem(m, f, key) {
  const make = (name, cls, text) => {
    const element = document.createElement(name);
    element.className = cls;
    element.textContent = text;
    return element;
  };
  const item = document.createElement("li");
  item.dataset.key = key;
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const when = make("time", "when", clock(m.began + 1000 * f.at));
  summary.append(
    make("span", "job", `job ${f.seq}`), " ",
    make("span", "cause", visible(f.cause)), " ",
    make("span", "where", f.worker ? "on " + visible(f.worker) : ""), " ",
    when, " ", make("span", "text", visible(f.text)),
  );
  details.append(summary, f.stderr
    ? make("pre", "stderr", visible(f.stderr))
    : make("p", "none", "It wrote nothing to stderr."));
  item.append(details);
  return item;
}

// --- What is done by hand

function pause(on) {
  paused = on;
  at("pause").setAttribute("aria-pressed", String(on));
  set(at("pause"), on ? "Go on" : "Pause");
  if (!on && moment) show();
}

at("pause").addEventListener("click", () => pause(!paused));

function choose(change) {
  Object.assign(choice, change);
  if (!over) connect();
}

let typed = 0;
at("find").addEventListener("input", e => {
  clearTimeout(typed);
  typed = setTimeout(() => choose({ find: e.target.value, from: 0 }), 200);
});
at("by").addEventListener("change", e => choose({ by: e.target.value, from: 0 }));
at("choice").addEventListener("submit", e => e.preventDefault());
at("previous").addEventListener("click", () => choose({ from: Math.max(0, moment.from - moment.page) }));
at("next").addEventListener("click", () => choose({ from: moment.from + moment.page }));

const redraw = () => {
  recolour();
  if (moment) showWorkers(moment);
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("resize", redraw);

recolour();
connect();
