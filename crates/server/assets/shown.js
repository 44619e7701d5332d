/**
 * What the page of one event shows: each value with the place that the page says it has.
 *
 * Promises: what is read is what is displayed, not an attribute beside it. Lines of a comparison are put together again
 * into the two texts that they were made of.
 */

import { putLeaves, readJson } from "./json.js";

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
