/**
 * Proof files (C2SP tlog-proof v1, `.tlog-proof`), as the server offers them for download.
 *
 * Must never be believed for what `extra` says: nothing covers it, so it is compared with bytes that are covered.
 */

import { decimal, fromBase64, same, textOf } from "./bytes.js";
import { Fault } from "./fault.js";
import { rootOfProof } from "./merkle.js";
import { parseCheckpoint } from "./note.js";

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
/** As `ledger/limits.rs` and `ledger/tlog_proof.rs`. */
const HASHES_MAX = 128;
export const TLOG_PROOF_BYTES_MAX = 2 * 1024 * 1024;

/** Reads a file: `{extra, index, hashes, checkpoint}`. Checks its form only. */
export function parseTlogProof(file) {
  const malformed = (why) => new Fault(`The .tlog-proof is malformed: ${why}.`);
  const end = file.indexOf("\n\n");
  if (end < 0 || file.length > TLOG_PROOF_BYTES_MAX) throw malformed("no checkpoint follows an empty line");
  const lines = file.slice(0, end).split("\n");
  if (lines.shift() !== FIRST_LINE) throw malformed(`its first line is not ${FIRST_LINE}`);
  let extra = null;
  if (lines[0]?.startsWith("extra ")) {
    extra = fromBase64(lines.shift().slice("extra ".length));
    if (!extra) throw malformed("its extra data are no base64");
  }
  const [, number] = /^index (.*)$/.exec(lines.shift() ?? "") ?? [];
  const index = decimal(number ?? "");
  if (index === null) throw malformed("it has no index");
  if (lines.length > HASHES_MAX) throw malformed("it has too many hashes");
  const hashes = lines.map((line, at) => {
    const hash = fromBase64(line);
    if (hash?.length !== 32) throw malformed(`its hash ${at + 1} has not 32 bytes in base64`);
    return hash;
  });
  return { extra, index, hashes, checkpoint: parseCheckpoint(file.slice(end + 2)) };
}

/** The texts that the file carries, by name. */
function carried(extra) {
  try {
    const texts = Object.entries(JSON.parse(textOf(extra)));
    return Object.fromEntries(texts.map(([name, encoded]) => [name, textOf(fromBase64(encoded))]));
  } catch {
    throw new Fault("The .tlog-proof carries no entry and parts in the form of this product.");
  }
}

/** Throws unless the file proves this leaf, at this place, under its own checkpoint, and carries the same bytes as `given`. */
export async function holdTlogProof(subtle, proof, seq, leaf, given) {
  if (proof.index !== seq) throw new Fault(`The .tlog-proof is of the entry ${proof.index}, not of ${seq}.`);
  const root = await rootOfProof(subtle, proof.checkpoint.size, seq, leaf, proof.hashes);
  if (!root || !same(root, proof.checkpoint.root)) throw new Fault("The hashes of the .tlog-proof do not lead from this entry to the root of its checkpoint.");
  if (!proof.extra) throw new Fault("The .tlog-proof carries no entry.");
  const texts = carried(proof.extra);
  for (const name of ["entry", "person", "details"]) {
    if (texts[name] !== given[name]) throw new Fault(`The .tlog-proof carries other bytes as “${name}” than this page was given.`);
  }
}
