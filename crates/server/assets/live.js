// Live mode: what comes is put on top of the table, as the server wrote it for this page. Stops while the page is
// hidden, and goes on behind the last event that was seen.

import { tellZones } from "./app.js";

const ROWS_MAX = 200;
const ANNOUNCE_MS = 4000;
const GATHER_MS = 150;

const place = document.querySelector("[data-live]");
const rows = document.getElementById("rows");
const button = place.querySelector("button");
const status = place.querySelector("[role=status]");

let source = null;
let wanted = false;
let lastId = "";
let waiting = [];
let gathering = 0;
let fresh = 0;
let announcing = 0;
const seen = new Set([...rows.rows].map((row) => row.dataset.id));

const count = (number) => `${number} new ${number === 1 ? "event" : "events"}`;

function announce() {
  announcing = 0;
  if (fresh > 0) status.textContent = count(fresh);
  fresh = 0;
}

/** Rows as the server wrote them: its template escapes everything that was said. */
function put() {
  gathering = 0;
  const template = document.createElement("template");
  template.innerHTML = `<table><tbody>${waiting.reverse().join("")}</tbody></table>`;
  waiting = [];
  const added = [...template.content.querySelectorAll("tr")].filter((row) => !seen.has(row.dataset.id));
  if (added.length === 0) return;
  for (const row of added) {
    seen.add(row.dataset.id);
    row.classList.add("fresh");
    tellZones(row);
  }
  document.querySelector(".table.nothing")?.classList.remove("nothing");
  document.querySelector(".hits > .empty")?.remove();
  rows.prepend(...added);
  while (rows.rows.length > ROWS_MAX) {
    const gone = rows.rows[rows.rows.length - 1];
    if (gone.contains(document.activeElement)) break;
    seen.delete(gone.dataset.id);
    gone.remove();
  }
  fresh += added.length;
  announcing ||= setTimeout(announce, ANNOUNCE_MS);
}

function disconnect() {
  source?.close();
  source = null;
}

function stop(why) {
  wanted = false;
  disconnect();
  button.setAttribute("aria-pressed", "false");
  button.textContent = lastId ? "Go on live" : "Live";
  status.textContent = why;
}

function connect() {
  const url = new URL(place.dataset.live, location.href);
  if (lastId) url.searchParams.set("last_event_id", lastId);
  source = new EventSource(url);
  const note = (event) => {
    if (event.lastEventId) lastId = event.lastEventId;
  };
  source.addEventListener("open", () => (status.textContent = "New events appear on top."));
  source.addEventListener("row", (event) => {
    note(event);
    waiting.push(event.data);
    if (waiting.length > ROWS_MAX) waiting.shift();
    gathering ||= setTimeout(put, GATHER_MS);
  });
  source.addEventListener("end", (event) => {
    let detail = "the server ended it";
    try {
      detail = JSON.parse(event.data).detail;
    } catch {
      // What ends a stream is told as well as it can be.
    }
    stop(`Live mode ended: ${detail}.`);
  });
  source.addEventListener("error", () => {
    if (source?.readyState === EventSource.CLOSED) stop("Live mode ended: sign in again, or reload the page.");
    else status.textContent = "The connection was lost; trying again…";
  });
}

button.addEventListener("click", () => {
  if (wanted) return stop("Paused.");
  wanted = true;
  button.setAttribute("aria-pressed", "true");
  button.textContent = "Pause";
  connect();
});

document.addEventListener("visibilitychange", () => {
  if (!wanted) return;
  if (document.hidden) disconnect();
  else if (!source) connect();
});
addEventListener("pagehide", disconnect);

place.hidden = false;
