/**
 * Signed notes and checkpoints (C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0), Ed25519 through WebCrypto.
 *
 * Promises: a signature is called good only after WebCrypto said so and showed before, on the vector of RFC 8032, that it
 * tells a good one from a bad one; one bad signature under the known key spoils the note. A browser without Ed25519 is
 * told apart from a signature that does not hold. Must never use a name from a signature line but to compare it.
 */

import { bytesOf, decimal, fromBase64, hex, join } from "./bytes.js";
import { Fault } from "./fault.js";
import { sha256 } from "./merkle.js";

/** As `ledger/limits.rs`. */
export const NOTE_BYTES_MAX = 1_000_000;
const SIGNATURES_MAX = 100;
const ED25519 = 1;

/** RFC 8032 section 7.1, the first test: key, and signature of the empty message. */
const KNOWN_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const KNOWN_SIGNATURE = "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==";

/** Whether a name may name a key. */
const isKeyName = (name) => name !== "" && !/[\s+\p{Cc}]/u.test(name);

/** Takes a note apart: `{text, signatures: [{name, id, signature}]}`. Checks no signature. */
export function parseNote(note) {
  const malformed = (why) => new Fault(`The checkpoint is no signed note: ${why}.`);
  if (note.length > NOTE_BYTES_MAX) throw malformed("it is too long");
  if (/[\x00-\x09\x0b-\x1f]/.test(note)) throw malformed("it has a control character");
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n") || end + 2 >= note.length) throw malformed("no signature follows an empty line");
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) throw malformed("it has too many signatures");
  const signatures = lines.map((line, at) => {
    const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
    const bytes = name && isKeyName(name) ? fromBase64(encoded) : null;
    if (!bytes || bytes.length < 5) throw malformed(`its signature line ${at + 1} is malformed`);
    return { name, id: hex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** Reads a checkpoint: `{origin, size, root, note, text, signatures}`. Checks no signature. */
export function parseCheckpoint(note) {
  const { text, signatures } = parseNote(note);
  const malformed = (why) => new Fault(`The checkpoint is malformed: ${why}.`);
  const lines = text.slice(0, -1).split("\n");
  if (lines.some((line) => line === "")) throw malformed("it has an empty line");
  const [origin, count, encoded] = lines;
  const size = decimal(count ?? "");
  if (size === null) throw malformed("its second line is no size");
  const root = fromBase64(encoded ?? "");
  if (!root || root.length !== 32) throw malformed("its third line is no root of 32 bytes in base64");
  return { origin, size, root, note, text, signatures };
}

/** Reads a verifier key `<name>+<key id>+<base64>`: `{name, id, key, text}`. */
export async function parseVerifierKey(subtle, text) {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = encoded ? fromBase64(encoded) : null;
  if (!bytes || !isKeyName(name)) throw new Fault("The log's key is no verifier key of the form <name>+<key id>+<base64>.");
  if (bytes[0] !== ED25519 || bytes.length !== 33) throw new Fault("The log's key is not one of Ed25519.");
  const digest = await sha256(subtle, join(bytesOf(`${name}\n`), bytes));
  if (hex(digest.subarray(0, 4)) !== id) throw new Fault(`The log's key says that its id is ${id}, but name and key have the id ${hex(digest.subarray(0, 4))}.`);
  return { name, id, key: bytes.subarray(1), text };
}

async function verify(subtle, key, signature, message) {
  const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

/** Whether WebCrypto here can check signatures: it must accept a good one and refuse a bad one. */
export async function canVerify(subtle) {
  const key = fromBase64(KNOWN_KEY);
  const signature = fromBase64(KNOWN_SIGNATURE);
  try {
    return (await verify(subtle, key, signature, new Uint8Array())) && !(await verify(subtle, key, signature, Uint8Array.of(1)));
  } catch {
    return false;
  }
}

/**
 * Throws unless `key` signed the note. Answers false if this browser can't tell, after everything that can be seen
 * without: that there is a signature under the key's name and id.
 */
export async function holdSignature(subtle, checkpoint, key) {
  const ours = checkpoint.signatures.filter(({ name, id }) => name === key.name && id === key.id);
  if (ours.length === 0) throw new Fault(`The checkpoint bears no signature of the key ${key.name}+${key.id}.`);
  if (!(await canVerify(subtle))) return false;
  for (const { signature } of ours) {
    let holds = false;
    try {
      holds = signature.length === 64 && (await verify(subtle, key.key, signature, bytesOf(checkpoint.text)));
    } catch {
      // A key that is no point of the curve: nothing was ever signed with it.
    }
    if (!holds) throw new Fault(`The checkpoint's signature under the key ${key.name}+${key.id} does not hold: its text or its signature was changed, or another key made it.`);
  }
  return true;
}
