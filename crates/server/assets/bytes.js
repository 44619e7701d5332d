/**
 * Bytes and how they are written: base64, base64url, hex, UTF-8.
 *
 * Promises: one spelling each; what is not exactly that spelling is `null`, never a guess.
 */

const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text in UTF-8. */
export const bytesOf = (text) => utf8.encode(text);

/** The text that these bytes are, or null if they are not UTF-8. */
export function textOf(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** Standard base64, padded. */
export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/** Bytes of standard base64, or null. */
export function fromBase64(text) {
  let decoded;
  try {
    decoded = atob(text);
  } catch {
    return null;
  }
  const bytes = Uint8Array.from(decoded, (character) => character.charCodeAt(0));
  // A decoder that is lenient about padding and white space would give one signature many spellings.
  return base64(bytes) === text ? bytes : null;
}

/** Base64url without padding. */
export const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** Hex in lower case. */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** All of them, one behind the other. */
export function join(...pieces) {
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Where two byte strings differ first, or -1 if they are the same. */
export function differAt(left, right) {
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at += 1) {
    if (left[at] !== right[at]) return at;
  }
  return left.length === right.length ? -1 : shorter;
}

/** Whether two byte strings are the same. */
export const same = (left, right) => differAt(left, right) === -1;

/** A whole number from 0 to 2^53-1 in decimal without leading zeros, or null. */
export function decimal(text) {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}
