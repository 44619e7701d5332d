/**
 * Tiles and entry bundles of a log (C2SP tlog-tiles v0.1.0), fetched once each, as the tree of one size.
 *
 * Promises: a tile has exactly the length that a tree of this size gives it; whatever is wrong with one is said with
 * its level and number. Must never: be believed before what was computed from it met a signed root.
 */

import { differAt, hex } from "./bytes.js";
import { Fault } from "./fault.js";
import { foldPerfect, leafHash } from "./merkle.js";

/** Hashes of a full tile, entries of a full bundle. */
export const WIDTH = 256;
const HASH_BYTES = 32;
/** As `ledger/limits.rs`: the longest entry. */
const ENTRY_BYTES_MAX = 8192;

/** `1234067` as `x001/x234/067`. */
export function tileNumber(number) {
  const digits = String(number);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/[0-9]{3}/g);
  return groups.map((group, at) => (at + 1 < groups.length ? `x${group}` : group)).join("/");
}

/** How sentences call a tile. */
export const tileName = (level, number) => `the tile level ${level} number ${number}`;

export class Tiles {
  #fetch;
  #tiles = new Map();

  /** `fetch(path, bytesMax)` answers the bytes below `/v1/logs/<log>/tile/`; `size` is the tree's. */
  constructor(subtle, fetch, size) {
    this.subtle = subtle;
    this.size = size;
    this.#fetch = fetch;
  }

  /** How many hashes or entries a tile has in this tree. */
  widthOf(level, number) {
    return Math.min(WIDTH, Math.floor(this.size / WIDTH ** level) - number * WIDTH);
  }

  /** Levels, from 0, and numbers of the tiles above a leaf. */
  above(seq) {
    const found = [];
    for (let level = 0; Math.floor(this.size / WIDTH ** level) > 0; level += 1) {
      const number = Math.floor(seq / WIDTH ** (level + 1));
      if (this.widthOf(level, number) < 1) break;
      found.push({ level, number, place: Math.floor(seq / WIDTH ** level) % WIDTH });
    }
    return found;
  }

  /** A tile's bytes. */
  tile(level, number) {
    const width = this.widthOf(level, number);
    const path = `${level}/${tileNumber(number)}${width < WIDTH ? `.p/${width}` : ""}`;
    if (!this.#tiles.has(path)) this.#tiles.set(path, this.#read(path, level, number, width));
    return this.#tiles.get(path);
  }

  async #read(path, level, number, width) {
    const bytes = await this.#bytes(path, WIDTH * HASH_BYTES, tileName(level, number));
    if (bytes.length !== width * HASH_BYTES) {
      throw new Fault(`T${tileName(level, number).slice(1)} has ${bytes.length} bytes; ${width} hashes have ${width * HASH_BYTES}.`);
    }
    return bytes;
  }

  async #bytes(path, bytesMax, name) {
    try {
      return await this.#fetch(path, bytesMax);
    } catch (error) {
      if (error.status !== 404) throw error;
      throw new Fault(`The server does not have ${name}, which a log of ${this.size} entries must have.`);
    }
  }

  /** One hash of a tile. */
  async hash(level, number, place) {
    const bytes = await this.tile(level, number);
    return bytes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES);
  }

  /** The hash of a node, for `merkle.js`. */
  async node(level, index) {
    const span = 2 ** (level % 8);
    const first = index * span;
    const bytes = await this.tile(Math.floor(level / 8), Math.floor(first / WIDTH));
    const at = (first % WIDTH) * HASH_BYTES;
    return foldPerfect(this.subtle, bytes.subarray(at, at + span * HASH_BYTES));
  }

  /** The entries of a bundle. */
  async bundle(number) {
    const width = this.widthOf(0, number);
    const path = `entries/${tileNumber(number)}${width < WIDTH ? `.p/${width}` : ""}`;
    const bytes = await this.#bytes(path, WIDTH * (2 + ENTRY_BYTES_MAX), `the entry bundle ${number}`);
    const entries = [];
    let at = 0;
    while (at < bytes.length && entries.length < width) {
      const length = bytes[at] * 256 + (bytes[at + 1] ?? 0);
      if (at + 2 + length > bytes.length) throw new Fault(`The entry bundle ${number} ends within its entry ${entries.length}.`);
      entries.push(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    if (at !== bytes.length || entries.length !== width) {
      throw new Fault(`The entry bundle ${number} holds ${entries.length} entries and ${bytes.length - at} more bytes; ${width} entries were expected.`);
    }
    return entries;
  }

  /** Throws unless the log has `entry` at `seq`, in its bundle as in its tile, whose other entries agree, too. */
  async holdEntry(seq, entry, leaf) {
    const number = Math.floor(seq / WIDTH);
    const place = seq % WIDTH;
    const found = await this.hash(0, number, place);
    if (differAt(found, leaf) !== -1) {
      throw new Fault(`The tile level 0 number ${number} does not hold this entry's hash at place ${place}: it holds ${short(found)}, the entry hashes to ${short(leaf)}.`);
    }
    const entries = await this.bundle(number);
    const differs = differAt(entries[place], entry);
    if (differs !== -1) {
      throw new Fault(`The entry bundle ${number} holds another entry at place ${place}: byte ${differs} differs first.`);
    }
    const hashes = await Promise.all(entries.map((other) => leafHash(this.subtle, other)));
    for (const [other, hash] of hashes.entries()) {
      if (differAt(hash, await this.hash(0, number, other)) !== -1) {
        throw new Fault(`The tile level 0 number ${number} does not hold the hash of the entry that the bundle ${number} has at place ${other}.`);
      }
    }
  }

  /** Throws unless every full tile above a leaf hashes to what the tile above it holds in its place. */
  async holdChain(seq) {
    const chain = this.above(seq);
    for (const [at, { level, number }] of chain.entries()) {
      const parent = chain[at + 1];
      if (!parent || this.widthOf(level, number) < WIDTH) continue;
      const root = await foldPerfect(this.subtle, await this.tile(level, number));
      const held = await this.hash(parent.level, parent.number, parent.place);
      if (differAt(root, held) !== -1) {
        throw new Fault(`T${tileName(level, number).slice(1)} hashes to ${short(root)}, but ${tileName(parent.level, parent.number)} holds ${short(held)} at place ${parent.place}.`);
      }
    }
  }

  /** Names of the tiles that were read. */
  read() {
    return [...this.#tiles.keys()];
  }
}

/** The first digits of a hash, for people to compare. */
export const short = (hash) => `${hex(hash.subarray(0, 8))}…`;
