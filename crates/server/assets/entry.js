/**
 * One event's entry and parts (docs/formats/entry.md, parts.md), and whether a page shows what they say.
 *
 * Promises: what is believed of an entry was read from the bytes that are hashed, and what is believed of a part from bytes
 * that the entry commits to. Must never take a field from the server's own telling of the event.
 */

import { base64url, bytesOf } from "./bytes.js";
import { Fault } from "./fault.js";
import { putLeaves, readJson } from "./json.js";
import { sha256 } from "./merkle.js";

const VERSION = "veritrail/entry/1";
const LABELS = ["details", "person"];
/** What a page may leave out: hashes that it shows in another place, if at all. */
const OPTIONAL = /^\/(parts\/|leaf_hash$)/;

/** Members in RFC 8785 order and strings only: there is one text for one entry. */
function canonical(value) {
  if (typeof value === "string") return /^[ !#-[\]-~]*$/.test(value) ? `"${value}"` : null;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return null;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${canonical(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** Reads an entry's exact text. */
export function parseEntry(text) {
  let entry;
  try {
    entry = JSON.parse(text);
  } catch {
    throw new Fault("The entry is no JSON.");
  }
  if (canonical(entry) !== text) throw new Fault("The entry is not in its one canonical form, so other software could read it differently.");
  const { v, id, log, seq, operation, recorded_at } = entry;
  const expected = [id, log, seq, operation, recorded_at, entry.actor?.type, entry.resource?.type];
  if (v !== VERSION || expected.some((member) => typeof member !== "string")) throw new Fault(`The entry is not one of version ${VERSION}.`);
  return entry;
}

/** The digest of a part: b64(SHA-256(b64(stored bytes))). */
export const partDigest = async (subtle, text) => base64url(await sha256(subtle, bytesOf(base64url(bytesOf(text)))));

/**
 * Throws unless every part that was given is the one that the entry commits to. Answers the values of those, by label, and
 * a sentence about each label.
 */
export async function holdParts(subtle, entry, given, withheld) {
  const values = {};
  const sentences = [];
  for (const label of LABELS) {
    const digest = entry.parts?.[label];
    const text = given[label];
    if (digest === undefined && text !== undefined) throw new Fault(`A part “${label}” was given that the entry does not commit to.`);
    if (digest === undefined) {
      sentences.push(`Nothing was sent for “${label}”.`);
    } else if (text === undefined) {
      sentences.push(
        withheld.includes(label)
          ? `“${label}” is withheld from you. The proof holds without it: the entry has its salted digest, which tells nothing of what it says.`
          : `“${label}” was sent and is not handed out: it was erased, or is lost. The proof of the rest holds without it: the entry has its salted digest only, so what it said can't be replaced by anything else.`,
      );
    } else {
      const found = await partDigest(subtle, text);
      if (found !== digest) throw new Fault(`The part “${label}” was changed: it hashes to ${found}, the entry has ${digest}.`);
      values[label] = disclosed(label, text);
      sentences.push(`“${label}” hashes to the digest in the entry.`);
    }
  }
  return { values, sentences };
}

function disclosed(label, text) {
  const items = readJson(text)?.items;
  if (items?.length !== 3 || items[0].text?.length !== 22 || items[1].text !== label || !items[2].members) {
    throw new Fault(`The part “${label}” is no disclosure ["salt","${label}",{…}].`);
  }
  return items[2];
}

/** Every value of an event by its JSON pointer, from its entry and parts alone. */
export function fieldsOf(entry, values, leaf) {
  const found = new Map();
  for (const value of Object.values(values)) putLeaves(value, "", found);
  // The entry has the last word: a part can't say anything in its place.
  const said = {
    id: entry.id,
    operation: entry.operation,
    timestamp: entry.occurred_at,
    "actor/type": entry.actor.type,
    "resource/type": entry.resource.type,
    "outcome/result": entry.outcome,
    "producer/seq": entry.producer?.seq,
    log: entry.log,
    seq: entry.seq,
    recorded_at: entry.recorded_at,
    leaf_hash: leaf,
    "ingest/key": entry.ingest?.key,
    "ingest/source": entry.ingest?.source,
    "parts/details": entry.parts?.details,
    "parts/person": entry.parts?.person,
  };
  for (const [place, text] of Object.entries(said)) {
    if (text !== undefined) found.set(`/${place}`, text);
  }
  for (const [index, flag] of (entry.ingest?.flags ?? []).entries()) found.set(`/ingest/flags/${index}`, flag);
  return found;
}

/** What HTML does to a text on its way into a page: it ends lines in one way, and drops zero bytes. */
export const asShown = (text) => text.replace(/\r\n?/g, "\n").replaceAll("\0", "");

/** How pages write times. */
const readable = (time) => time.replace("T", " ").replace("Z", " UTC");

const excerpt = (text) => (text.length > 80 ? `“${text.slice(0, 80)}…”` : `“${text}”`);

/** Throws unless the page shows these fields, all of them, and nothing else. `shown` is a list of `[pointer, text]`. */
export function holdPage(fields, shown) {
  const seen = new Set();
  for (const [pointer, text] of shown) {
    const expected = fields.get(pointer);
    if (expected === undefined) throw new Fault(`The page shows ${excerpt(text)} at ${pointer}; entry and parts say nothing there.`);
    const spellings = [asShown(expected)];
    if (pointer === "/timestamp" || pointer === "/recorded_at") spellings.push(readable(expected));
    if (!spellings.includes(asShown(text))) throw new Fault(`The page shows ${excerpt(text)} at ${pointer}; entry and parts say ${excerpt(expected)}.`);
    seen.add(pointer);
  }
  const hidden = [...fields.keys()].filter((pointer) => !seen.has(pointer) && !OPTIONAL.test(pointer));
  if (hidden.length > 0) throw new Fault(`The page leaves out ${hidden.length} of the values that entry and parts have, the first at ${hidden[0]}.`);
  return seen.size;
}
