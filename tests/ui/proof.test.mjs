/**
 * The proof in the page, against a log that was written down independently: what is right is verified at every size around
 * the widths of tiles, and every change of what the page was given or fetches is refused by the step that it concerns.
 */

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";

import { Log, part, signerFor } from "./proof/log.mjs";
import { Storage, assertFails, assertVerified, step, verify } from "./proof/page.mjs";

/** A log of two full tiles and a part of a third, and an event in the second. */
const log = new Log(700);
const SEQ = 300;
const given = (changes = {}) => ({ ...log.given(SEQ), ...changes });
const honest = (path) => log.serve(path);

/** Serves `path` with one byte changed. */
const flipped = (path, at, from = log) => (asked) => {
  const bytes = from.serve(asked);
  if (asked !== path) return bytes;
  const changed = Buffer.from(bytes);
  changed[at] ^= 0x01;
  return changed;
};

test("an event is verified in logs of every size up to 300 and around the widths of tiles", async () => {
  const sizes = [...Array.from({ length: 299 }, (_, at) => at + 2), 511, 512, 513, 767, 768, 769, 1000];
  for (const size of sizes) {
    const grown = new Log(size);
    for (const seq of new Set([1, Math.ceil(size / 2), size - 1])) {
      assertVerified(await verify(grown.given(seq), (path) => grown.serve(path)));
    }
  }
});

test("an event is verified in a log that has tiles of three levels", async () => {
  const grown = new Log(2);
  // Entries alike but for their number: the tree is what counts.
  while (grown.entries.length < 65_536 + 300) grown.entries.push(Buffer.from(`{"n":${grown.entries.length}}`));
  for (const seq of [1, 65_535, 65_700]) {
    const event = new Log(seq + 1 > 1_000 ? 2 : seq + 1);
    const text = event.events[1].entry.replaceAll(/"(seq)":"1"/g, `"$1":"${seq}"`);
    grown.entries[seq] = Buffer.from(text);
    grown.events[seq] = { ...event.events[1], entry: text };
    grown.memo.clear();
    const shown = event.given(1).shown.map(([pointer, value]) => [pointer, pointer === "/seq" ? String(seq) : value]);
    assertVerified(await verify({ ...grown.given(seq), id: "evt_1", shown }, (path) => grown.serve(path)));
  }
});

test("every hash of every tile that is read is refused when it is changed", async () => {
  const paths = { "tile/0/001": 256, "tile/0/002.p/188": 188, "tile/1/000.p/2": 2 };
  for (const [path, width] of Object.entries(paths)) {
    for (let place = 0; place < width; place += 1) {
      const result = await verify(given(), flipped(path, place * 32 + (place % 32)));
      if (path === "tile/0/001") {
        // The entry's own hash is looked at first, the others beside the bundle.
        const own = /^The tile level 0 number 1 does not hold this entry's hash at place 44: it holds [0-9a-f]{16}…, the entry hashes to [0-9a-f]{16}…\.$/;
        const other = new RegExp(`^The tile level 0 number 1 does not hold the hash of the entry that the bundle 1 has at place ${place}\\.$`);
        assertFails(result, "place", place === SEQ - 256 ? own : other);
      } else if (path === "tile/1/000.p/2" && place === 1) {
        assertFails(result, "root", /^The tile level 0 number 1 hashes to .* but the tile level 1 number 0 holds .* at place 1\.$/);
      } else {
        assertFails(result, "root", /^The tiles lead to the root .* the checkpoint has .* tile|^The tiles lead to the root .*0\/002\.p\/188/);
      }
    }
  }
});

test("every byte of the tile and of the bundle of a small log is refused when it is changed", async () => {
  const small = new Log(3);
  const event = small.given(2);
  for (const path of ["tile/0/000.p/3", "tile/entries/000.p/3"]) {
    const { length } = small.serve(path);
    for (let at = 0; at < length; at += 1) {
      const result = await verify(event, flipped(path, at, small));
      assertFails(result, "place", /^The (tile level 0 number 0|entry bundle 0) /);
    }
  }
});

test("a full tile that agrees with its bundle but not with the tile above is named", async () => {
  const forged = new Log(700);
  forged.entries[400] = Buffer.from(forged.entries[400].toString().replace("created", "deleted"));
  forged.memo.clear();
  const serve = (path) => (["tile/0/001", "tile/entries/001"].includes(path) ? forged.serve(path) : log.serve(path));
  // Of the two logs only the entries that are not random can agree.
  forged.entries.splice(256, 256, ...log.entries.slice(256, 512));
  forged.entries[400] = Buffer.from(log.entries[400].toString().replace("created", "deleted"));
  assertFails(await verify(given(), serve), "root", /^The tile level 0 number 1 hashes to .* but the tile level 1 number 0 holds .* at place 1\.$/);
});

test("tiles that are missing, cut or too long are refused", async () => {
  const without = (path) => (asked) => (asked === path ? null : log.serve(asked));
  assertFails(await verify(given(), without("tile/0/001")), "place", /does not have the tile level 0 number 1, which a log of 700 entries must have\.$/);
  assertFails(await verify(given(), without("tile/entries/001")), "place", /does not have the entry bundle 1,/);
  assertFails(await verify(given(), without("tile/1/000.p/2")), "root", /does not have the tile level 1 number 0,/);
  for (const path of ["tile/0/001", "tile/entries/001"]) {
    for (const cut of [1, 40]) {
      const served = (asked) => (asked === path ? log.serve(asked).subarray(0, -cut) : log.serve(asked));
      assertFails(await verify(given(), served), "place", /has \d+ bytes; 256 hashes have 8192|ends within its entry/);
    }
    const longer = (asked) => (asked === path ? Buffer.concat([log.serve(asked), Buffer.of(0, 0)]) : log.serve(asked));
    assertFails(await verify(given(), longer), "place", /too long|2 more bytes; 256 entries were expected/);
  }
});

test("every byte of the entry is refused when it is changed", async () => {
  const { entry } = given();
  for (let at = 0; at < entry.length; at += 1) {
    const code = entry.charCodeAt(at) ^ 1;
    const changed = entry.slice(0, at) + String.fromCharCode(code) + entry.slice(at + 1);
    const result = await verify(given({ entry: changed }), honest);
    const failed = result.steps.find(({ state }) => state === "failed");
    assert.ok(["entry", "parts", "page", "place"].includes(failed?.name), `byte ${at}: ${failed?.name}`);
    assert.equal(result.verdict, "failed");
    // Whatever failed first: the log does not hold it, unless it is no entry at all.
    if (step(result, "entry").state === "ok") assert.notEqual(step(result, "place").state, "ok", `byte ${at}`);
  }
});

test("entries that could be read in two ways are refused", async () => {
  const { entry } = given();
  const twice = entry.replace('"operation":', '"operation":"deployment.deleted","operation":');
  const spaced = entry.replace('"seq":', '"seq": ');
  const swapped = entry.replace(/("seq":"300"),("v":"[^"]*")/, "$2,$1");
  for (const changed of [twice, spaced, swapped]) {
    assert.notEqual(changed, entry);
    assertFails(await verify(given({ entry: changed }), honest), "entry", /not in its one canonical form/);
  }
  assertFails(await verify(given({ entry: "{" }), honest), "entry", /no JSON/);
  assertFails(await verify(given({ entry: '{"v":"veritrail/entry/2"}' }), honest), "entry", /not one of version/);
});

test("the entry of another event is refused, however well it is proven", async () => {
  const other = log.given(301);
  assertFails(await verify({ ...other, id: "evt_300" }, honest), "entry", /of the event evt_301, not of evt_300/);
  assertFails(await verify(given({ log: "33333333333333333333333333333333" }), honest), "entry", /of the log 2+, not of 3+/);
});

test("a part that was changed, swapped or added is refused", async () => {
  const { details, person } = given();
  for (const text of [details.replace("a b", "a c"), details.replace("1.50", "1.5"), `${details} `]) {
    assert.notEqual(text, details);
    assertFails(await verify(given({ details: text }), honest), "parts", /^The part “details” was changed: it hashes to \S{43}, the entry has \S{43}\.$/);
  }
  assertFails(await verify(given({ details: person, person: details }), honest), "parts", /^The part “details” was changed/);
  const bare = log.given(SEQ);
  const entry = JSON.parse(bare.entry);
  delete entry.parts.person;
  const event = { ...bare, entry: JSON.stringify(entry) };
  assertFails(await verify(event, honest), "parts", /^A part “person” was given that the entry does not commit to\.$/);
});

test("a part that hashes right and is no disclosure of its label is refused", async () => {
  for (const text of [part("person", "{}").text, `["short","details",{}]`, `["${"A".repeat(22)}","details",{"a":1,"a":2}]`, "{}"]) {
    const forged = new Log(2);
    const { createHash } = await import("node:crypto");
    const digest = createHash("sha256").update(Buffer.from(text).toString("base64url")).digest("base64url");
    const entry = JSON.parse(forged.events[1].entry);
    entry.parts.details = digest;
    forged.events[1] = { ...forged.events[1], entry: JSON.stringify(entry), details: text };
    forged.entries[1] = Buffer.from(forged.events[1].entry);
    forged.memo.clear();
    assertFails(await verify(forged.given(1), (path) => forged.serve(path)), "parts", /^The part “details” is no disclosure/);
  }
});

test("withheld and erased parts leave the proof valid, and are named", async () => {
  const shown = log.given(SEQ).shown.filter(([pointer]) => pointer !== "/actor/email");
  // A proof file without the part, as a server writes it then.
  const erased = new Log(2);
  delete erased.events[1].person;
  const event = { ...erased.given(1), shown: shown.map(([pointer, text]) => [pointer, pointer === "/id" ? "evt_1" : pointer === "/seq" ? "1" : text]) };
  const gone = await verify(event, (path) => erased.serve(path));
  assertVerified(gone);
  assert.match(step(gone, "parts").text, /“person” was sent and is not handed out: it was erased, or is lost\./);
  const withheld = await verify({ ...event, withheld: ["person"] }, (path) => erased.serve(path));
  assertVerified(withheld);
  assert.match(step(withheld, "parts").text, /“person” is withheld from you\. The proof holds without it/);
});

test("a page that shows something else is refused", async () => {
  const { shown } = given();
  for (const [at, [pointer, text]] of shown.entries()) {
    const lying = shown.map((field, other) => (other === at ? [pointer, `${text} `] : field));
    assertFails(await verify(given({ shown: lying }), honest), "page", new RegExp(`^The page shows “.*” at ${pointer}; entry and parts say “.*”\\.$`));
    const hiding = shown.filter((_, other) => other !== at);
    assertFails(await verify(given({ shown: hiding }), honest), "page", new RegExp(`^The page leaves out 1 of the values that entry and parts have, the first at ${pointer}\\.$`));
  }
  const adding = [...shown, ["/reason", "because"]];
  assertFails(await verify(given({ shown: adding }), honest), "page", /shows “because” at \/reason; entry and parts say nothing there/);
  const rounded = shown.map(([pointer, text]) => [pointer, text === "1.50" ? "1.5" : text]);
  assertFails(await verify(given({ shown: rounded }), honest), "page", /shows “1\.5” at \/changes\/0\/after; entry and parts say “1\.50”/);
});

test("a part can't say anything in the entry's place", async () => {
  const forged = new Log(1);
  forged.append(`{"operation":"deployment.deleted","seq":"7"}`);
  const shown = log.given(SEQ).shown.filter(([pointer]) => !/changes|context/.test(pointer));
  const as = (operation) => shown.map(([pointer, text]) => [pointer, { "/id": "evt_1", "/seq": "1", "/operation": operation }[pointer] ?? text]);
  const serve = (path) => forged.serve(path);
  assertVerified(await verify({ ...forged.given(1), shown: as("deployment.created") }, serve));
  assertFails(await verify({ ...forged.given(1), shown: as("deployment.deleted") }, serve), "page", /shows “deployment.deleted” at \/operation; entry and parts say “deployment.created”/);
});

test("a checkpoint that was changed is refused", async () => {
  const as = (change) => (path) => (path === "checkpoint" ? Buffer.from(change(log.checkpoint())) : log.serve(path));
  const other = new Log(700, log.signer);
  const cases = [
    [(note) => note.replace("\n700\n", "\n699\n"), "signature", /signature under the key .* does not hold/],
    [(note) => note.replace("\n700\n", "\n0700\n"), "checkpoint", /second line is no size/],
    [(note) => note.replace("\n700\n", "\n-1\n"), "checkpoint", /second line is no size/],
    [(note) => note.replace(/\n[^\n]{44}\n/, `\n${Buffer.alloc(32).toString("base64")}\n`), "signature", /does not hold/],
    [(note) => note.replace(/\n[^\n]{44}\n/, "\nAAAA\n"), "checkpoint", /third line is no root/],
    [(note) => note.replace(/222\n/, "223\n"), "checkpoint", /of another log/],
    [(note) => note.slice(0, -6) + "=AAA=\n", "checkpoint", /signature line 1 is malformed/],
    [(note) => note.replace(/— /, "- "), "checkpoint", /signature line 1 is malformed/],
    [(note) => note.slice(0, note.indexOf("\n\n") + 1), "checkpoint", /no signature follows/],
    [(note) => note.replace("\n\n", "\nextension\n\n"), "signature", /does not hold/],
    [(note) => note.replace("\n", "\r\n"), "checkpoint", /control character/],
    [() => other.checkpoint(), "root", /^The tiles lead to the root/],
    [() => "", "checkpoint", /no signed note/],
    [() => Buffer.of(0xff, 0xfe), "checkpoint", /not UTF-8/],
  ];
  for (const [change, name, words] of cases) {
    assertFails(await verify(given(), as(change)), name, words);
  }
  const note = log.checkpoint();
  const from = note.lastIndexOf(" ") + 1;
  for (let at = from; at < note.length - 3; at += 1) {
    const letter = note[at] === "A" ? "B" : "A";
    const result = await verify(given(), as(() => note.slice(0, at) + letter + note.slice(at + 1)));
    assertFails(result, "signature", /does not hold|bears no signature/);
  }
});

test("a checkpoint of another key is refused, also one that bears the name and id of the right one", async () => {
  const foreign = new Log(700);
  const serve = (path) => (path === "checkpoint" ? Buffer.from(foreign.checkpoint()) : log.serve(path));
  assertFails(await verify(given(), serve), "signature", /bears no signature of the key/);
  const text = log.checkpoint().split("\n\n")[0] + "\n";
  const blob = (line) => Buffer.from(line.trim().split(" ").at(-1), "base64");
  const id = blob(log.signer.line(text)).subarray(0, 4);
  const forged = Buffer.concat([id, blob(foreign.signer.line(text)).subarray(4)]).toString("base64");
  const named = `${text}\n— ${log.origin} ${forged}\n`;
  assertFails(await verify(given(), (path) => (path === "checkpoint" ? Buffer.from(named) : log.serve(path))), "signature", /does not hold/);
  const beside = log.checkpoint() + `— ${log.origin} ${forged}\n`;
  assertFails(await verify(given(), (path) => (path === "checkpoint" ? Buffer.from(beside) : log.serve(path))), "signature", /does not hold/);
  // Signatures of keys that nobody knows say nothing: a witness's line does no harm.
  const witnessed = log.checkpoint() + signerFor("witness.example").line(text);
  assertVerified(await verify(given(), (path) => (path === "checkpoint" ? Buffer.from(witnessed) : log.serve(path))));
});

test("a key that is none, or another log's, is refused", async () => {
  const { vkey } = given();
  for (const [text, words] of [
    ["", /no verifier key/],
    [vkey.replace(/\+[0-9a-f]{8}\+/, "+00000000+"), /says that its id is 00000000, but/],
    [vkey.replace(/22\+/, "23+"), /says that its id is/],
    [vkey.slice(0, -4), /no verifier key|not one of Ed25519/],
    [signerFor("veritrail.invalid/elsewhere").vkey, /that of another log/],
  ]) {
    assertFails(await verify(given({ vkey: text }), honest), "key", words);
  }
});

test("where the browser can't check signatures, nothing is called verified", async () => {
  const { subtle } = webcrypto;
  const digest = (...all) => subtle.digest(...all);
  const none = { digest, importKey: async () => Promise.reject(new Error("unrecognized name")) };
  const yes = { digest, importKey: (...all) => subtle.importKey(...all), verify: async () => true };
  for (const other of [none, yes]) {
    const storage = new Storage();
    const result = await verify(given(), honest, { subtle: other, storage });
    assert.equal(result.verdict, "incomplete");
    assert.equal(step(result, "signature").state, "unchecked");
    assert.match(step(result, "signature").text, /was not checked\. “veritrail verify-proof” does\./);
    assert.match(result.restsOn, /^This rests on no key/);
    assert.equal(step(result, "root").state, "ok");
    assert.equal(storage.size, 1, "what was shown is remembered all the same");
    assertFails(await verify(given(), flipped("tile/0/001", 0), { subtle: other }), "place", /tile level 0 number 1/);
  }
  const result = await verify(given(), honest, { subtle: null });
  assert.equal(result.verdict, "incomplete");
  assert.ok(result.steps.every(({ state }) => state === "unchecked"));
});

test("what is remembered is continued, and a rollback or a fork is reported", async () => {
  const history = new Log(600);
  const seen = async (size) => {
    const storage = new Storage();
    const cut = new Log(2, history.signer);
    cut.entries = history.entries.slice(0, size);
    cut.events = history.events;
    assertVerified(await verify(cut.given(1), (path) => cut.serve(path), { storage, now: "2026-11-01" }));
    return storage;
  };
  const serve = (path) => history.serve(path);
  for (const size of [2, 3, 255, 256, 257, 511, 512, 513, 599, 600]) {
    const storage = await seen(size);
    const result = await verify(history.given(300), serve, { storage });
    assertVerified(result, true);
    assert.match(result.restsOn, /which this browser has known since 2026-11-01, from this server: compare it once/);
    // An older checkpoint, signed by the right key, with its own tiles and proof.
    const older = new Log(2, history.signer);
    older.entries = history.entries.slice(0, 301);
    older.events = history.events;
    if (size !== 600) assertFails(await verify(older.given(300), (path) => older.serve(path), { storage }), "memory", /^The log was rolled back: it has 301 entries now, and at 2026-11-21 this browser saw 600\.$/);
    // Another history, signed by the right key.
    const fork = new Log(600, history.signer);
    assertFails(await verify(fork.given(300), (path) => fork.serve(path), { storage }), "memory", /^The log was rewritten: its first 600 entries do not have the root .* that this browser saw at 2026-11-21\.$/);
    const longer = new Log(700, history.signer);
    assertFails(await verify(longer.given(300), (path) => longer.serve(path), { storage }), "memory", /^The log was rewritten: its first 600 entries/);
  }
});

test("a log cut below the entry is a rollback too, and a failure is not remembered", async () => {
  const storage = new Storage();
  assertVerified(await verify(given(), honest, { storage }));
  const cut = new Log(2, log.signer);
  cut.entries = log.entries.slice(0, 200);
  const serve = (path) => cut.serve(path);
  assertFails(await verify(given(), serve, { storage }), "memory", /^The log was rolled back: it has 200 entries now/);
  assertFails(await verify(given(), serve), "proof", /has a checkpoint of 700 entries, and the one fetched after it has 200: the server went back/);
  assertVerified(await verify(given(), honest, { storage }), true);
  const fresh = new Storage();
  await verify(given(), flipped("tile/0/001", 5), { storage: fresh });
  assert.equal(fresh.size, 0);
});

test("another key than the one that is remembered is refused, also for a log that is right in itself", async () => {
  const storage = new Storage();
  assertVerified(await verify(given(), honest, { storage, now: "2026-11-01" }));
  const resigned = new Log(2);
  resigned.entries = log.entries;
  resigned.events = log.events;
  assertFails(await verify(resigned.given(SEQ), (path) => resigned.serve(path), { storage }), "key", /since 2026-11-01 this browser knows .* A log does not change its key\./);
});

test("a memory that can't be read or written counts as none", async () => {
  const refusing = { getItem: () => { throw new Error("denied"); }, setItem: () => { throw new Error("denied"); } };
  const result = await verify(given(), honest, { storage: refusing });
  assertVerified(result);
  assert.match(result.restsOn, /This browser can't remember it\./);
  for (const text of ["", "{", "null", '{"vkey":1}', '{"vkey":"x","size":-1,"root":"AAAA"}']) {
    const storage = new Storage();
    storage.setItem(`veritrail:log:${log.id}`, text);
    assertVerified(await verify(given(), honest, { storage }));
  }
});

test("a .tlog-proof that says something else is refused", async () => {
  const { tlogProof } = given();
  const other = new Log(700, log.signer);
  const longer = new Log(2, log.signer);
  longer.entries = [...log.entries, Buffer.from("{}")];
  longer.events = log.events;
  const older = log.tlogProof(SEQ, 301);
  assertVerified(await verify(given({ tlogProof: older }), honest));
  const hash = tlogProof.split("\n")[3];
  const cases = [
    [tlogProof.replace("@v1", "@v2"), /its first line is not/],
    [tlogProof.replace("index 300", "index 299"), /is of the entry 299, not of 300/],
    [tlogProof.replace("index 300", "index 0300"), /has no index/],
    [tlogProof.replace(`${hash}\n`, ""), /do not lead from this entry/],
    [tlogProof.replace(`${hash}\n`, `${hash}\n${hash}\n`), /do not lead from this entry/],
    [tlogProof.replace(hash, Buffer.alloc(32).toString("base64")), /do not lead from this entry/],
    [tlogProof.replace(hash, "AAAA"), /its hash 1 has not 32 bytes/],
    [tlogProof.replace(/extra .*\n/, ""), /carries no entry/],
    [tlogProof.replace(/extra .*\n/, "extra AAAA\n"), /in the form of this product/],
    [tlogProof.replace(/extra .*\n/, /extra .*\n/.exec(log.tlogProof(301))[0]), /other bytes as “entry”/],
    [tlogProof.replace("\n700\n", "\n701\n"), /do not lead from this entry|does not hold/],
    [tlogProof.replace(/\n\n[^]*/, `\n\n${other.checkpoint()}`), /do not lead from this entry/],
    [longer.tlogProof(SEQ), /has a checkpoint of 701 entries, and the one fetched after it has 700: the server went back/],
    ["", /malformed/],
  ];
  for (const [text, words] of cases) {
    assert.notEqual(text, tlogProof);
    assertFails(await verify(given({ tlogProof: text }), honest), "proof", words);
  }
  // A proof that is right in itself, under a signed checkpoint of another history.
  const fork = new Log(2, log.signer);
  fork.entries = [...log.entries];
  fork.entries[20] = Buffer.from("{}");
  fork.events = log.events;
  for (const size of [700, 600]) {
    assertFails(await verify(given({ tlogProof: fork.tlogProof(SEQ, size) }), honest), "proof", new RegExp(`^The log was rewritten: its first ${size} entries`));
  }
  const unsigned = older.slice(0, -6) + (older.at(-6) === "A" ? "B" : "A") + older.slice(-5);
  assertFails(await verify(given({ tlogProof: unsigned }), honest), "proof", /^In the \.tlog-proof: The checkpoint's signature/);
});

test("a server that does not answer decides nothing", async () => {
  const { load } = await import("./proof/modules.mjs");
  const { Unanswered } = await load("fault.js");
  const failing = (wanted) => (path) => {
    if (path.startsWith(wanted)) throw new Unanswered("The server has no answer right now (503).", 503);
    return log.serve(path);
  };
  for (const [wanted, name] of [["checkpoint", "checkpoint"], ["tile/0", "place"], ["tile/entries", "place"], ["tile/1", "root"]]) {
    const storage = new Storage();
    const result = await verify(given(), failing(wanted), { storage });
    assert.equal(result.verdict, "incomplete");
    assert.equal(step(result, name).state, "unchecked");
    assert.match(step(result, name).text, /503/);
    assert.equal(storage.size, 0);
  }
});

test("an entry that no checkpoint covers yet is not verified, and said to be too new", async () => {
  const short = new Log(2, log.signer);
  short.entries = log.entries.slice(0, SEQ);
  const result = await verify(given({ tlogProof: "" }), (path) => short.serve(path));
  assert.equal(step(result, "checkpoint").state, "unchecked");
  assert.match(step(result, "checkpoint").text, /covers 300 entries and not yet this one, number 300/);
  assert.notEqual(result.verdict, "verified");
});
