/**
 * A log written down from RFC 6962 and C2SP's texts alone, with Node's own cryptography: it shares nothing with the modules
 * under test. It serves what a server serves below `/v1/logs/<log>/`, and can be told to lie.
 */

import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash("sha256")).digest();
const LOG = "22222222222222222222222222222222";

/** A key pair with the name it has in notes. */
export function signerFor(name) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const typed = Buffer.concat([Buffer.of(1), publicKey.export({ format: "der", type: "spki" }).subarray(-32)]);
  const id = sha256(`${name}\n`, typed).subarray(0, 4);
  return {
    vkey: `${name}+${id.toString("hex")}+${typed.toString("base64")}`,
    line: (text) => `— ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString("base64")}\n`,
  };
}

/** A part as it is stored, and its digest. */
export function part(label, value) {
  const text = `["${randomBytes(16).toString("base64url")}","${label}",${value}]`;
  return { text, digest: sha256(Buffer.from(text).toString("base64url")).toString("base64url") };
}

export class Log {
  constructor(size, signer = null) {
    this.id = LOG;
    this.origin = `veritrail.invalid/11111111111111111111111111111111/${LOG}`;
    this.signer = signer ?? signerFor(this.origin);
    this.events = [];
    this.entries = [Buffer.from(`{"kind":"main","seq":"0","v":"veritrail/log/1"}`)];
    this.memo = new Map();
    while (this.entries.length < size) this.append();
  }

  /** Seals one more event; `says` replaces what it says. */
  append(says = `{"changes":[{"after":1.50,"before":"a b","field":"x/y"}],"context":{}}`) {
    const seq = this.entries.length;
    const details = part("details", says);
    const person = part("person", `{"actor":{"email":"ana@example.com"}}`);
    const entry = {
      actor: { type: "user" },
      id: `evt_${seq}`,
      ingest: { flags: ["masked"], key: "k1234567", source: "ci" },
      log: LOG,
      occurred_at: "2026-03-12T14:32:05.000000Z",
      operation: "deployment.created",
      parts: { details: details.digest, person: person.digest },
      recorded_at: "2026-03-12T14:32:07.123456Z",
      resource: { type: "deployment" },
      seq: String(seq),
      v: "veritrail/entry/1",
    };
    const text = JSON.stringify(entry);
    this.entries.push(Buffer.from(text));
    this.events[seq] = { entry: text, details: details.text, person: person.text };
  }

  /** MTH(D[start:start + count]) as section 2.1 says it. */
  root(start, count) {
    const name = `${start}+${count}`;
    if (!this.memo.has(name)) {
      let half = 1;
      while (half * 2 < count) half *= 2;
      const hash =
        count === 1
          ? sha256(Buffer.of(0), this.entries[start])
          : sha256(Buffer.of(1), this.root(start, half), this.root(start + half, count - half));
      this.memo.set(name, hash);
    }
    return this.memo.get(name);
  }

  /** PATH(m, D[n]) of section 2.1.1. */
  path(index, count, start = 0) {
    if (count === 1) return [];
    let half = 1;
    while (half * 2 < count) half *= 2;
    return index < half
      ? [...this.path(index, half, start), this.root(start + half, count - half)]
      : [...this.path(index - half, count - half, start + half), this.root(start, half)];
  }

  checkpoint(size = this.entries.length) {
    const text = `${this.origin}\n${size}\n${this.root(0, size).toString("base64")}\n`;
    return `${text}\n${this.signer.line(text)}`;
  }

  tlogProof(seq, size = this.entries.length) {
    const base64 = (text) => Buffer.from(text).toString("base64");
    const texts = Object.entries(this.events[seq]).map(([name, text]) => [name, base64(text)]);
    const hashes = this.path(seq, size).map((hash) => `${hash.toString("base64")}\n`);
    const extra = base64(JSON.stringify(Object.fromEntries(texts)));
    return `c2sp.org/tlog-proof@v1\nextra ${extra}\nindex ${seq}\n${hashes.join("")}\n${this.checkpoint(size)}`;
  }

  /** What a server has at a path: bytes or null. */
  serve(path) {
    if (path === "checkpoint") return Buffer.from(this.checkpoint());
    const [, kind, digits, partial] = /^tile\/(entries|[0-7])\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]+))?$/.exec(path) ?? [];
    if (!kind) return null;
    const first = Number(digits.replaceAll(/[x/]/g, "")) * 256;
    const width = partial ? Number(partial) : 256;
    const span = kind === "entries" ? 1 : 256 ** Number(kind);
    if ((first + width) * span > this.entries.length || width < 1 || partial === "256") return null;
    const pieces = [];
    for (let at = first; at < first + width; at += 1) {
      if (kind !== "entries") {
        pieces.push(this.root(at * span, span));
      } else {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(this.entries[at].length);
        pieces.push(length, this.entries[at]);
      }
    }
    return Buffer.concat(pieces);
  }

  /** What a page is given of an event, and shows. */
  given(seq) {
    return {
      id: `evt_${seq}`,
      log: LOG,
      ...this.events[seq],
      withheld: [],
      vkey: this.signer.vkey,
      tlogProof: this.tlogProof(seq),
      beside: [],
      shown: [
        ["/id", `evt_${seq}`],
        ["/operation", "deployment.created"],
        ["/timestamp", "2026-03-12 14:32:05.000000 UTC"],
        ["/recorded_at", "2026-03-12T14:32:07.123456Z"],
        ["/seq", String(seq)],
        ["/log", LOG],
        ["/actor/type", "user"],
        ["/actor/email", "ana@example.com"],
        ["/resource/type", "deployment"],
        ["/ingest/key", "k1234567"],
        ["/ingest/source", "ci"],
        ["/ingest/flags/0", "masked"],
        ["/changes/0/field", "x/y"],
        ["/changes/0/before", "a b"],
        ["/changes/0/after", "1.50"],
        ["/context", "{}"],
      ],
    };
  }
}
