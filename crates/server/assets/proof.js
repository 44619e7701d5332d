/**
 * Verifies one event in the browser, from bytes: entry, parts, page, place in the log, checkpoint, signature, and what this
 * browser saw of the log before. WebCrypto does SHA-256 and Ed25519; nothing else is used.
 *
 * Promises: no step is called good that was not carried out; the first thing that does not hold is named with what differs
 * from what. Must never claim more than it is worth: this code and the key come from the server that is checked, and
 * `restsOn` says so.
 */

import { bytesOf, decimal, hex, same, textOf } from "./bytes.js";
import { fieldsOf, holdPage, holdParts, parseEntry } from "./entry.js";
import { Fault, Unanswered } from "./fault.js";
import { recall, remember } from "./memory.js";
import { bothRoots, inclusionProof, leafHash, rootOfProof } from "./merkle.js";
import { NOTE_BYTES_MAX, holdSignature, parseCheckpoint, parseVerifierKey } from "./note.js";
import { Tiles, short } from "./tiles.js";
import { holdTlogProof, parseTlogProof } from "./tlog_proof.js";

/** Every step in order: its name, its title, and the steps without which it can't be carried out. */
export const STEPS = [
  ["entry", "The entry is the one asked for", []],
  ["parts", "The parts are those the entry commits to", ["entry"]],
  ["page", "The page shows what entry and parts say", ["parts"]],
  ["checkpoint", "The checkpoint covers the entry", ["entry"]],
  ["key", "The key is the one this browser knows", []],
  ["signature", "The key signed the checkpoint", ["checkpoint", "key"]],
  ["place", "The log has the entry in its place", ["checkpoint"]],
  ["root", "The tiles lead from the entry to the signed root", ["place"]],
  ["memory", "The log continues what this browser saw before", []],
  ["proof", "The .tlog-proof says the same", ["entry", "key"]],
];

/** Steps that a verdict can do without: a browser that sees a log first has nothing to compare. */
const OPTIONAL = new Set(["memory"]);

/**
 * `given`: `{id, log, entry, person, details, withheld, vkey, tlogProof, shown, beside}`, as the server sent it and the
 * page shows it; `beside` names what the page says that no log holds; `tlogProof` is fetched before this is called, so
 * that the checkpoint can't be older. `tools`: `{subtle, get, storage, now, onStep}`, where `get(path, bytesMax)` answers the bytes below `/v1/logs/<log>/`.
 *
 * Answers `{verdict, steps, restsOn}`; verdicts are `verified`, `failed` and `incomplete`.
 */
export async function verifyEvent(given, tools) {
  const run = new Verification(given, tools);
  for (const [name, title, needs] of STEPS) await run.step(name, title, needs);
  return run.conclude();
}

class Verification {
  #steps = [];

  constructor(given, tools) {
    this.given = given;
    this.tools = tools;
    this.subtle = tools.subtle;
    // Before anything is fetched: another tab may remember a newer checkpoint than this one is about to get.
    this.remembered = recall(tools.storage, given.log);
  }

  async step(name, title, needs) {
    const missing = needs.find((need) => this.#state(need) !== "ok");
    let done;
    if (!this.subtle) {
      done = { state: "unchecked", text: "This browser offers its cryptography to pages over HTTPS or from this machine only." };
    } else if (missing) {
      done = { state: "unchecked", text: `Not checked, because this was not established: ${STEPS.find(([other]) => other === missing)[1]}.` };
    } else {
      done = await this[`_${name}`]().then(
        (answer) => (typeof answer === "string" ? { state: "ok", text: answer } : answer),
        (error) => outcomeOf(error),
      );
    }
    const step = { name, title, ...done };
    this.#steps.push(step);
    this.tools.onStep?.(step);
  }

  #state(name) {
    return this.#steps.find((step) => step.name === name)?.state;
  }

  async _entry() {
    const { id, log, entry: text } = this.given;
    const entry = parseEntry(text);
    if (entry.id !== id) throw new Fault(`The entry is of the event ${entry.id}, not of ${id}.`);
    if (entry.log !== log) throw new Fault(`The entry is of the log ${entry.log}, not of ${log}.`);
    const seq = decimal(entry.seq);
    if (seq === null || seq === 0) throw new Fault("The entry has no place in the log.");
    Object.assign(this, { entry, seq, bytes: bytesOf(text) });
    this.leaf = await leafHash(this.subtle, this.bytes);
    return `Its ${this.bytes.length} bytes hash to ${hex(this.leaf)}.`;
  }

  async _parts() {
    const { values, sentences } = await holdParts(this.subtle, this.entry, this.given, this.given.withheld ?? []);
    this.values = values;
    return sentences.join(" ");
  }

  async _page() {
    const fields = fieldsOf(this.entry, this.values, hex(this.leaf));
    const count = holdPage(fields, this.given.shown);
    const { beside } = this.given;
    const also = beside.length > 0 ? `, and what stands beside them (${beside.join(", ")})` : "";
    return `${count} values on this page were compared, with what they are called, and none is left out. No log holds the wording of the heading${also}: that was not compared.`;
  }

  async _checkpoint() {
    const bytes = await this.tools.get("checkpoint", NOTE_BYTES_MAX);
    const text = textOf(bytes);
    if (text === null) throw new Fault("The checkpoint is not UTF-8.");
    this.newest = parseCheckpoint(text);
    const { origin, size, root } = this.newest;
    if (!origin.endsWith(`/${this.given.log}`)) throw new Fault(`The checkpoint is of another log: ${origin}.`);
    if (size <= this.seq) return { state: "unchecked", text: `The newest checkpoint covers ${size} entries and not yet this one, number ${this.seq}. One that does should come within seconds.` };
    this.tiles = new Tiles(this.subtle, (path, bytesMax) => this.tools.get(`tile/${path}`, bytesMax), size);
    return `It states that the log ${origin} has ${size} entries under the root ${hex(root)}.`;
  }

  async _key() {
    this.key = await parseVerifierKey(this.subtle, this.given.vkey.trim());
    const { name, id } = this.key;
    if (!name.endsWith(`/${this.given.log}`)) throw new Fault(`The key is that of another log: ${name}.`);
    if (!this.remembered) return `${name}+${id} is new to this browser.`;
    if (this.remembered.vkey !== this.key.text) throw new Fault(`The server gives ${name}+${id}, but since ${this.remembered.since} this browser knows ${this.remembered.vkey}. A log does not change its key.`);
    return `${name}+${id} is the one that this browser has known since ${this.remembered.since}.`;
  }

  async _signature() {
    if (this.newest.origin !== this.key.name) throw new Fault(`The checkpoint is of ${this.newest.origin}, the key of ${this.key.name}.`);
    if (await holdSignature(this.subtle, this.newest, this.key)) return `Ed25519, key ${this.key.id}.`;
    return { state: "unchecked", text: `This browser can't check Ed25519: whether the key ${this.key.id} signed the checkpoint was not checked. “veritrail verify-proof” does.` };
  }

  async _place() {
    await this.tiles.holdEntry(this.seq, this.bytes, this.leaf);
    return `Entry ${this.seq} of ${this.newest.size}, in the entry bundle and in the tile above it.`;
  }

  async _root() {
    await this.tiles.holdChain(this.seq);
    const { size, root } = this.newest;
    const proof = await inclusionProof(this.tiles, size, this.seq);
    const found = await rootOfProof(this.subtle, size, this.seq, this.leaf, proof);
    if (!same(found, root)) throw new Fault(`The tiles lead to the root ${short(found)}, the checkpoint has ${short(root)}: a hash in ${this.tiles.read().join(", ")}, or the checkpoint, was changed.`);
    return `${proof.length} hashes, computed from the tiles ${this.tiles.read().join(", ")}, lead to the checkpoint's root.`;
  }

  async _memory() {
    this.#needCheckpoint();
    const { size, root } = this.newest;
    const known = this.remembered;
    if (!known) return { state: "unchecked", text: "This browser saw nothing of this log before. From now on it remembers the checkpoint, and notices if the log is cut or rewritten." };
    if (known.size > size) throw new Fault(`The log was rolled back: it has ${size} entries now, and at ${known.at} this browser saw ${known.size}.`);
    await this.#holdPrefix(known, `this browser saw at ${known.at}`);
    return known.size === size ? `It is the head that was seen at ${known.at}.` : `The first ${known.size} of ${size} entries are those seen at ${known.at}.`;
  }

  async _proof() {
    const proof = parseTlogProof(this.given.tlogProof);
    const { checkpoint } = proof;
    this.#needCheckpoint();
    await holdTlogProof(this.subtle, proof, this.seq, this.leaf, this.given);
    if (checkpoint.origin !== this.key.name) throw new Fault(`The .tlog-proof is of another log: ${checkpoint.origin}.`);
    await holdSignature(this.subtle, checkpoint, this.key).catch((error) => {
      throw new Fault(`In the .tlog-proof: ${error.message}`);
    });
    const { size } = this.newest;
    if (checkpoint.size > size) throw new Fault(`The .tlog-proof has a checkpoint of ${checkpoint.size} entries, and the one fetched after it has ${size}: the server went back.`);
    await this.#holdPrefix(checkpoint, "the .tlog-proof has");
    return `${proof.hashes.length} hashes lead to the root of its checkpoint, of ${checkpoint.size} entries; this log continues that one.`;
  }

  #needCheckpoint() {
    if (!this.newest) throw new Unanswered("Not checked, because there is no checkpoint.", 0);
  }

  /** Throws unless the log begins with an older head. */
  async #holdPrefix(older, whose) {
    const { size, root } = this.newest;
    const forked = new Fault(`The log was rewritten: its first ${older.size} entries do not have the root ${short(older.root)} that ${whose}.`);
    if (older.size === size) {
      if (!same(older.root, root)) throw forked;
      return;
    }
    if (this.#state("root") !== "ok") throw new Unanswered("Not checked, because the tiles did not hold.", 0);
    const roots = await bothRoots(this.tiles, older.size, size);
    if (!same(roots.now, root)) throw new Fault(`Of the tiles ${this.tiles.read().join(", ")} one was changed: they do not lead to the checkpoint's root.`);
    if (!same(roots.old, older.root)) throw forked;
  }

  async conclude() {
    const steps = this.#steps;
    const holds = ({ name, state }) => state === "ok" || (state === "unchecked" && OPTIONAL.has(name));
    let verdict = steps.every(holds) ? "verified" : "incomplete";
    if (steps.some(({ state }) => state === "failed")) verdict = "failed";
    // A checkpoint whose signature could not be checked is remembered too, if everything else held: it was shown to us.
    const kept = steps.every((step) => holds(step) || step.name === "signature") && verdict !== "failed";
    const remembers = kept && remember(this.tools.storage, this.given.log, this.key.text, this.newest, this.tools.now);
    return { verdict, steps, restsOn: this.#restsOn(verdict, remembers) };
  }

  #restsOn(verdict, remembers) {
    if (verdict === "failed") return "Something does not agree, so nothing on this page should be relied upon before it is known why.";
    if (!this.key || this.#state("root") !== "ok") return "Not enough could be checked to say anything.";
    const key = `${this.key.name}+${this.key.id}`;
    if (this.#state("signature") !== "ok") return "This rests on no key: the signature was not checked. What was checked is that entry, parts, tiles and checkpoint agree with each other.";
    const code = "The code of this check came from that server, too; “veritrail verify-proof” with a key of your own needs neither.";
    if (this.remembered) return `This rests on the key ${key}, which this browser has known since ${this.remembered.since}, from this server: compare it once with the key that you keep elsewhere. ${code}`;
    const next = remembers ? "It is remembered from now on." : "This browser can't remember it.";
    return `This rests on the key ${key}, which this page took from the same server: compare it with the one that you keep elsewhere. ${next} ${code}`;
  }
}

function outcomeOf(error) {
  if (error instanceof Unanswered) return { state: "unchecked", text: error.message };
  if (error instanceof Fault) return { state: "failed", text: error.message };
  return { state: "failed", text: `This step broke off: ${error.message}.` };
}
