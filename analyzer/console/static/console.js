// The console works without this module; with it, handles move and news are noticed.
const POLL = 30_000; // ms between two questions for the change token of the store

async function look() {
  const answer = await fetch("/store", { method: "HEAD", cache: "no-store" }).catch(() => null);
  const token = answer?.ok ? answer.headers.get("ETag")?.replace(/^W\/|"/g, "") : null;
  if (token && token !== document.body.dataset.store) document.querySelector(".fresh").hidden = false;
}

if (document.body.dataset.store) setInterval(() => document.hidden || look(), POLL);
