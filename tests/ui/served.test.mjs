/**
 * The proof in the page against the real server: what it serves is verified at every size, its pages show what their entries
 * and parts say, and what is altered on the way is refused.
 */

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { after, before, test } from "node:test";

import { load } from "./proof/modules.mjs";
import { Storage, assertFails, assertVerified, step } from "./proof/page.mjs";
import { ask, binary, emit, signIn, start } from "./proof/server.mjs";

const { verifyEvent } = await load("proof.js");
const { readerOf } = await load("reading.js");

const options = binary ? {} : { skip: "NOT TESTED: VERITRAIL_BIN does not name a binary" };
let server;
let log;
let cookie;
let count = 0;

before(async () => {
  if (!binary) return;
  server = await start();
  const { logs } = await (await ask(server, "/v1/logs")).json();
  log = logs.find(({ kind }) => kind === "main").id;
  cookie = await signIn(server);
});
after(() => server?.stop());

/** An event that says much. */
const event = (number) => ({
  id: `evt_${number}`,
  operation: "deployment.created",
  timestamp: "2026-03-12T14:32:07.5+01:00",
  actor: { id: "usr_1", email: "ana@example.com", name: "Ana Souza" },
  origin: { ip: "198.51.100.23" },
  resource: { type: "deployment", id: `dep_${number}`, name: `<b>&amp;"' ${number}` },
  changes: [{ field: "image", before: null, after: "v2" }, { field: "count", before: 1, after: 2.5 }],
  context: { environment: "production", "a/b~c%": [] },
  metadata: { empty: {}, list: [1, [true, ""]], "ключ": "значение\u202e", password: "hunter2" },
  outcome: { result: "success", message: "two\nlines\r\nand more" },
});

/** Stores events until the log has this size. */
async function growTo(size) {
  while (count + 1 < size) {
    const events = [];
    while (count + 1 < size && events.length < 1_000) {
      count += 1;
      events.push(event(count));
    }
    await emit(server, events);
  }
}

const entities = { lt: "<", gt: ">", amp: "&", quot: '"' };
const unescape = (text) =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) => (code ? String.fromCodePoint(Number(code)) : entities[name]));

/** What a page shows, read from its text: a value stands alone in its element. */
function shownIn(html) {
  const ends = html.replace(/\r\n?/g, "\n");
  const found = ends.matchAll(/<\w+[^>]* data-at="([^"]*)"[^>]*>([^<]*)<\//g);
  const shown = [...found].map(([, pointer, text]) => [decodeURIComponent(unescape(pointer)), unescape(text)]);
  for (const [, at, has, lines] of ends.matchAll(/data-lines-at="([^"]*)" data-form="text" data-has="(\w+)">([^]*?)<\/td>/g)) {
    for (const [side, other] of [["before", "new"], ["after", "old"]]) {
      if (has !== "both" && has !== side) continue;
      const kept = [...lines.matchAll(/data-line="(\w+)">([^<]*)</g)].filter(([, fate]) => fate !== other);
      shown.push([`${at}/${side}`, kept.map(([, , text]) => unescape(text)).join("\n")]);
    }
  }
  return shown;
}

/** What a page is given of an event; the page itself is asked for as a browser does. */
async function givenOf(number) {
  const id = `evt_${number}`;
  const text = async (path) => (await ask(server, path)).text();
  const page = await fetch(`${server.url}/t/default/events/${id}`, { headers: { cookie } });
  assert.equal(page.status, 200);
  const { entry, person, details, withheld } = JSON.parse(await text(`/v1/events/${id}?include=entry`));
  const vkey = await text(`/v1/logs/${log}/vkey`);
  const tlogProof = await text(`/v1/events/${id}/proof`);
  return { id, log, entry, person, details, withheld, vkey, tlogProof, shown: shownIn(await page.text()), beside: [] };
}

/** Verifies over HTTP with the session's cookie, as the page does; `alter(path, bytes)` changes what comes. */
async function verify(given, { storage = new Storage(), alter = null } = {}) {
  const fetchAsPage = async (url, asked) => {
    const answer = await fetch(server.url + url, { ...asked, headers: { ...asked.headers, cookie } });
    if (!alter || !answer.ok) return answer;
    const bytes = Buffer.from(await answer.arrayBuffer());
    return new Response(alter(url.split(`${log}/`)[1], bytes) ?? bytes);
  };
  const get = readerOf(fetchAsPage, `/v1/logs/${log}/`);
  return verifyEvent(given, { subtle: webcrypto.subtle, get, storage, now: "2026-11-21" });
}

test("each event is verified as the log grows to 300, and the log continues what was seen before", options, async () => {
  const storage = new Storage();
  for (let size = 2; size <= 300; size += 1) {
    await growTo(size);
    const result = await verify(await givenOf(count), { storage });
    assertVerified(result, size > 2);
    // The server signs as it likes: the sizes seen are those that it had.
    assert.match(step(result, "checkpoint").text, new RegExp(` has ${size} entries `));
  }
});

test("events are verified around the widths of tiles", options, async () => {
  for (const size of [511, 512, 513, 1000]) {
    await growTo(size);
    for (const number of new Set([1, 255, 256, 257, count - 1, count])) assertVerified(await verify(await givenOf(number)));
  }
});

test("what is altered on the way is refused, step by step", options, async () => {
  await growTo(1000);
  const given = await givenOf(300);
  const at = (path, place) => (asked, bytes) => {
    if (asked === path) bytes[place] ^= 1;
  };
  const cases = [
    ["tile/0/001", 44 * 32, "place", /^The tile level 0 number 1 does not hold this entry's hash at place 44/],
    ["tile/0/001", 0, "place", /^The tile level 0 number 1 does not hold the hash of the entry that the bundle 1 has at place 0/],
    ["tile/entries/001", 2, "place", /at place 0\.$/],
    ["tile/1/000.p/3", 0, "root", /^The tiles lead to the root/],
    ["tile/1/000.p/3", 32, "root", /^The tile level 0 number 1 hashes to .* but the tile level 1 number 0 holds .* at place 1\.$/],
    ["tile/0/003.p/232", 5, "root", /^The tiles lead to the root/],
    ["checkpoint", -10, "signature", /does not hold/],
  ];
  const seen = new Set();
  assertVerified(await verify(given, { alter: (path) => void seen.add(path) }));
  for (const [path, place, name, words] of cases) {
    assert.ok(seen.has(path), `${path} is read: ${[...seen]}`);
    const alter = (asked, bytes) => at(path, place < 0 ? bytes.length + place : place)(asked, bytes);
    assertFails(await verify(given, { alter }), name, words);
  }
  for (const [pointer, text] of given.shown) {
    const shown = given.shown.map((field) => (field[0] === pointer ? [pointer, `${text}.`] : field));
    const result = await verify({ ...given, shown });
    assert.equal(result.verdict, "failed", pointer);
    assert.equal(step(result, "page").state, "failed", pointer);
  }
});

test("the masked value stands on the page as its mask, and the secret nowhere", options, async () => {
  await growTo(2);
  const given = await givenOf(1);
  const masked = given.shown.find(([pointer]) => pointer === "/metadata/password");
  assert.match(masked[1], /^\[masked:hmac-sha256:/);
  assert.ok(!JSON.stringify(given).includes("hunter2"));
});
