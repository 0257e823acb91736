// The console works without this module; with it, handles move and news are noticed.
const POLL = 30_000; // ms between two questions for the change token of the store

async function look() {
  const answer = await fetch("/store", { method: "HEAD", cache: "no-store" }).catch(() => null);
  const token = answer?.ok ? answer.headers.get("ETag")?.replace(/^W\/|"/g, "") : null;
  if (token && token !== document.body.dataset.store) document.querySelector(".fresh").hidden = false;
}

if (document.body.dataset.store) setInterval(() => document.hidden || look(), POLL);

// The incident's handles: every step is a link of the page, so that the server says where it leads.
const timeline = document.querySelector(".timeline");
const part = (name) => document.querySelector(`[data-part="${name}"]`);
let chosen = "after", request = null, drag = null;

// The parts that depend on A and B, of another URL of this page.
async function move(href, push = true) {
  request?.abort();
  request = new AbortController();
  const { signal } = request, url = new URL(href, location.href);
  document.getElementById("content").setAttribute("aria-busy", "true");
  const wanted = new URL(url);
  wanted.searchParams.set("part", "pair");
  try {
    const answer = await fetch(wanted, { signal });
    if (!answer.ok) return location.assign(url);
    const text = await answer.text();
    if (signal.aborted) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    const held = document.activeElement?.dataset?.handle; // focus stays where it was
    for (const fresh of page.querySelectorAll("[data-part]")) part(fresh.dataset.part)?.replaceWith(fresh);
    if (held) document.querySelector(`[data-handle="${held}"]`)?.focus();
    if (push) history.pushState(null, "", url);
    ready();
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  } finally {
    if (request?.signal === signal) document.getElementById("content").removeAttribute("aria-busy");
  }
}

// What only a script can do is shown, and the chosen handle is marked.
function ready() {
  for (const hidden of document.querySelectorAll("[data-script], [data-copy]")) hidden.hidden = false;
  const handle = document.querySelector(`[data-handle="${chosen}"]`);
  handle?.classList.add("chosen");
}

function choose(name) {
  document.querySelector(".handle.chosen")?.classList.remove("chosen");
  chosen = name;
  document.querySelector(`[data-handle="${name}"]`)?.classList.add("chosen");
}

function step(way, by) {
  const link = document.querySelector(`a[data-step="${chosen} ${way} ${by}"]`);
  if (link) move(link.href);
}

function key(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea, .scroll")) return;
  if (event.key === "a" || event.key === "A") choose("before");
  else if (event.key === "b" || event.key === "B") choose("after");
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    step(event.key === "ArrowLeft" ? "previous" : "next", event.shiftKey ? "change" : "snapshot");
    event.preventDefault();
  }
}

// Where on the bar the pointer is, and what instant that is; A stays before B.
function place(event) {
  const bar = document.querySelector(".handles"), box = bar.getBoundingClientRect();
  const [since, until] = [bar.dataset.since, bar.dataset.until].map(Date.parse);
  const other = Date.parse(document.querySelector(`.handle:not([data-handle="${drag}"])`).dataset.at);
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  let at = since + share * (until - since);
  at = drag === "before" ? Math.min(at, other) : Math.max(at, other);
  return [`${((at - since) / (until - since)) * 100}%`, new Date(at).toISOString().replace(/\.\d+Z/, "Z")];
}

function dragged(event) {
  if (!drag) return;
  const [x, at] = place(event);
  document.querySelector(`[data-handle="${drag}"]`).setAttribute("x", x);
  if (event.type !== "pointerup") return;
  const url = new URL(location.href);
  url.searchParams.set(drag, at);
  drag = null;
  move(url.href);
}

async function copy(button) {
  const text = document.querySelector(".ticket textarea");
  const said = document.querySelector("[data-copied]");
  try {
    await navigator.clipboard.writeText(text.value);
    said.textContent = "Copied.";
  } catch {
    button.closest("section").querySelector("details").open = true;
    text.select();
    said.textContent = document.execCommand("copy") ? "Copied." : "Press Ctrl-C.";
  }
}

if (timeline) {
  addEventListener("keydown", key);
  addEventListener("popstate", () => move(location.href, false));
  addEventListener("pointermove", dragged);
  addEventListener("pointerup", dragged);
  addEventListener("pointercancel", () => { drag = null; });
  timeline.addEventListener("pointerdown", (event) => {
    drag = event.target.closest("[data-handle]")?.dataset.handle ?? null;
    if (drag) choose(drag);
    if (drag) event.preventDefault();
  });
  timeline.addEventListener("focusin", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (handle) choose(handle.dataset.handle);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-step]"), button = event.target.closest("[data-copy]");
    if (button) copy(button);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    choose(link.dataset.step.split(" ")[0]);
    move(link.href);
  });
  ready();
}

// A link from elsewhere brings no cookie (SameSite=Strict); whoever has one needs no login.
if (document.querySelector("form.login"))
  fetch("/store", { method: "HEAD" }).then((answer) => answer.ok && location.replace(location.href));
