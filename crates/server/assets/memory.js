/**
 * What this browser remembers of a log: its key and the last checkpoint that held (trust on first use).
 *
 * Promises: nothing that failed a check is remembered, and a smaller checkpoint never replaces a larger one. A memory that
 * can't be read counts as none; it is never a reason to call something verified.
 */

import { base64, fromBase64 } from "./bytes.js";

const placeOf = (log) => `veritrail:log:${log}`;

/** `{vkey, size, root, since, at}` or null. */
export function recall(storage, log) {
  try {
    const { vkey, size, root, since, at } = JSON.parse(storage.getItem(placeOf(log)));
    const bytes = fromBase64(root);
    const sound = typeof vkey === "string" && Number.isSafeInteger(size) && size > 0 && bytes?.length === 32;
    return sound ? { vkey, size, root: bytes, since: String(since), at: String(at) } : null;
  } catch {
    return null;
  }
}

/** Remembers a checkpoint that held. Answers whether that was possible. */
export function remember(storage, log, vkey, { size, root }, now) {
  const known = recall(storage, log);
  if (known && (known.size > size || known.vkey !== vkey)) return true;
  try {
    storage.setItem(placeOf(log), JSON.stringify({ vkey, size, root: base64(root), since: known?.since ?? now, at: now }));
    return true;
  } catch {
    return false;
  }
}
