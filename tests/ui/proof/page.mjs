/** What stands around the modules in a page: storage, cryptography, reading. And what tests say of a verdict. */

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";

import { load } from "./modules.mjs";

const { verifyEvent } = await load("proof.js");
const { Fault, Unanswered } = await load("fault.js");

/** As much of `localStorage` as is used. */
export class Storage {
  #items = new Map();
  getItem = (name) => this.#items.get(name) ?? null;
  setItem = (name, text) => this.#items.set(name, text);
  get size() {
    return this.#items.size;
  }
}

/** Verifies what a page was given; `serve(path)` answers bytes, or null for what is not there. */
export async function verify(given, serve, { storage = new Storage(), subtle = webcrypto.subtle, now = "2026-11-21" } = {}) {
  const told = [];
  const get = async (path, bytesMax) => {
    const bytes = await serve(path);
    if (!bytes) throw new Unanswered("not found", 404);
    if (bytes.length > bytesMax) throw new Fault("too long");
    return new Uint8Array(bytes);
  };
  const result = await verifyEvent(given, { subtle, get, storage, now, onStep: (step) => told.push(step) });
  assert.deepEqual(told, result.steps, "every step is told when it is done");
  return result;
}

export const step = (result, name) => result.steps.find((other) => other.name === name);

const told = (result) => result.steps.map(({ name, state, text }) => `${name} ${state}: ${text}`).join("\n");

export function assertVerified(result, remembered = false) {
  assert.equal(result.verdict, "verified", told(result));
  const expected = result.steps.map(({ name }) => (name === "memory" && !remembered ? "unchecked" : "ok"));
  assert.deepEqual(result.steps.map(({ state }) => state), expected, told(result));
}

/** The first step that fails is this one, and its sentence says this. */
export function assertFails(result, name, words) {
  const failed = result.steps.find(({ state }) => state === "failed");
  assert.equal(failed?.name, name, told(result));
  assert.match(failed.text, words);
  assert.equal(result.verdict, "failed");
}
