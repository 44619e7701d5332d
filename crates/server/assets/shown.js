/**
 * What the page of one event shows: each value with the place that the page says it has.
 *
 * Promises: what is read is what is displayed, not an attribute beside it; a value that is called something else than its
 * place is refused, and what the page says beside the values is told by name. Lines of a comparison are put together
 * again into the two texts that they were made of.
 */

import { asShown } from "./entry.js";
import { Fault } from "./fault.js";
import { putLeaves, readJson } from "./json.js";

/** Headings below which values are called by their place within one member. */
const MEMBERS = { Who: "actor", "From where": "origin", "To what": "resource", "What else it concerns": "related" };
/** Heads of the table of changes, and the side that stands below each. */
const COLUMNS = [["Field"], ["Before", "before", ".old"], ["After", "after", ".new"]];

/** The names of what `root` says that is no value of the event. Throws if a value is called something that it is not. */
export function besideIn(root) {
  const beside = [];
  for (const said of root.querySelectorAll(".fields dd")) {
    const name = said.previousElementSibling;
    const called = name?.matches("dt") ? name.textContent : "";
    const value = said.querySelector("[data-at]");
    if (value) holdName(decodeURIComponent(value.dataset.at), called, said);
    else beside.push(called);
  }
  for (const table of root.querySelectorAll("table.changes")) {
    holdColumns(table);
    holdRows(table);
  }
  for (const whole of root.querySelectorAll('details[id^="whole-"]')) {
    const called = whole.querySelector("summary code")?.textContent;
    const pointer = decodeURIComponent(whole.querySelector("[data-json-at]").dataset.jsonAt);
    if (`/${called}` !== pointer) throw new Fault(`The page calls the values at ${pointer} “${called}”.`);
  }
  return beside;
}

/** Throws unless `called` is what the value at `pointer` is called where it stands. */
function holdName(pointer, called, said) {
  const place = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const heading = said.closest("section")?.querySelector("h2")?.textContent;
  let within = 0;
  if (place.length > 1 && place[0] === MEMBERS[heading]) within = 1;
  if (said.closest("table.changes")) within = 2;
  const name = asShown(place.slice(within).join("."));
  if (called !== name) throw new Fault(`The page calls the value at ${pointer} “${called}”; its name there is “${name}”.`);
}

/** Throws unless each row tells of one change, and no two of the same. */
function holdRows(table) {
  const told = new Set();
  let current = null;
  for (const row of table.tBodies[0].rows) {
    if (row.querySelector("th")) current = null;
    for (const { dataset } of row.querySelectorAll("[data-at], [data-json-at], [data-lines-at]")) {
      const pointer = decodeURIComponent(dataset.at ?? dataset.jsonAt ?? dataset.linesAt);
      const change = pointer.split("/").slice(0, 3).join("/");
      if (current === null && !told.has(change)) current = change;
      if (change !== current) throw new Fault(`The page shows the value at ${pointer} in the row of another change.`);
      told.add(change);
    }
  }
}

function holdColumns(table) {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
  const expected = COLUMNS.map(([head]) => head);
  if (heads.join() !== expected.join()) throw new Fault(`The columns of what changed are called ${heads.join(", ")}; expected ${expected.join(", ")}.`);
  for (const [column, [head, side, look]] of COLUMNS.entries()) {
    for (const cell of look ? table.querySelectorAll(look) : []) {
      const value = cell.querySelector("[data-at], [data-json-at]");
      if (!value) continue;
      const pointer = decodeURIComponent(value.dataset.at ?? value.dataset.jsonAt);
      const { cellIndex, colSpan } = cell.closest("td");
      const inPlace = colSpan === 2 || cellIndex === column;
      if (!inPlace || !pointer.endsWith(`/${side}`)) throw new Fault(`The page shows the value at ${pointer} as what was ${head.toLowerCase()}.`);
    }
  }
}

/** The places and texts of everything below `root` that is marked as a value: `[pointer, text]`. */
export function shownIn(root) {
  const found = [];
  for (const element of root.querySelectorAll("[data-at]")) {
    found.push([decodeURIComponent(element.dataset.at), element.textContent]);
  }
  for (const element of root.querySelectorAll("[data-json-at]")) {
    putJson(element.textContent, decodeURIComponent(element.dataset.jsonAt), found);
  }
  for (const element of root.querySelectorAll("[data-lines-at]")) {
    const { linesAt, form, has } = element.dataset;
    const lines = [...element.querySelectorAll("[data-line]")];
    for (const [side, other] of [["before", "new"], ["after", "old"]]) {
      if (has !== "both" && has !== side) continue;
      const kept = lines.filter((line) => line.dataset.line !== other);
      const text = kept.map((line) => line.textContent).join("\n");
      const pointer = `${decodeURIComponent(linesAt)}/${side}`;
      if (form === "json") putJson(text, pointer, found);
      else found.push([pointer, text]);
    }
  }
  return found;
}

/** The values of a JSON text; one that is none is shown as it is, and will not be what was said. */
function putJson(text, pointer, found) {
  const leaves = new Map();
  const node = readJson(text);
  if (node) putLeaves(node, pointer, leaves);
  else leaves.set(pointer, text);
  found.push(...leaves);
}
