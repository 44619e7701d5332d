// The proof in the page, attacked: whatever the server or somebody between alters, the page does not say `verified`, turns
// red, and names what does not agree. What could not be read is no accusation.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './harness/axe.mjs';
import { story } from './harness/pages.mjs';
import { isRed, proofBox } from './harness/proof.mjs';
import { world } from './harness/world.mjs';

let all;
let event;
let path;
before(async () => {
  all = await world();
  event = (await story(all.server)).deletion;
  path = `/t/demo/events/${event.id}`;
});
after(() => all?.stop());

/// Somebody with a new browser, which remembers nothing, has the event verified.
async function verified({ again } = {}) {
  const person = await all.person();
  await person.signIn(all.server.demoKey, path);
  const box = proofBox(person.page);
  await box.button.click();
  const verdict = await box.verdict();
  if (again) await again(person, box);
  return { person, verdict };
}

const flipped = (at) => (body) => {
  const altered = Buffer.from(body);
  altered[Math.min(at, altered.length - 1)] ^= 1;
  return altered;
};
const replaced = (one, other) => (body) => {
  const text = body.toString();
  assert.ok(text.includes(one), `nothing to alter: ${one}`);
  return Buffer.from(text.replaceAll(one, other));
};
/// Where the event's leaf is in its tile of level 0.
const leaf = () => (Number(event.seq) % 256) * 32;

test('an event is verified in the page, which says what that rests on', async () => {
  const { person, verdict } = await verified();
  assert.equal(verdict.look, 'good', verdict.text);
  assert.match(verdict.text, /Verified/);
  assert.ok(!isRed(verdict.edge));
  assert.match(await person.page.locator('#proof-rests').innerText(), /\w+ .*\./, 'a sentence');
  assert.deepEqual(await violations(person.page, '#proof'), []);
  person.check();
  await person.close();
});

const ATTACKS = {
  'the leaf of the event in its tile': [/\/tile\/0\//, (body) => flipped(leaf())(body), /tile/],
  'another leaf of the same tile': [/\/tile\/0\//, (body) => flipped(leaf() === 0 ? 40 : 0)(body), /tile/],
  'a hash higher up': [/\/tile\/1\//, flipped(3), /tile/],
  'the entry in its bundle': [/\/tile\/entries\//, (body) => replaced(event.id, event.id.replace('deleted', 'created'))(body), /bundle|entry|entries/],
  'the entry that the page verifies': [/\/v1\/events\/[^/]+\?include=entry/, (body) => replaced('environment_variable.deleted', 'environment_variable.created')(body), /entry|hash/i],
  'who it was, in the part': [/\/v1\/events\/[^/]+\?include=entry/, (body) => replaced('jonas.weber@example.com', 'ada.okafor@example.com')(body), /part|digest|person/i],
  'the signature': [/\/proof(\?|$)/, (body) => {
    const text = body.toString();
    // The last line of a checkpoint is its signature: — NAME BASE64.
    return Buffer.from(text.replace(/(\u2014 \S+ \S{20})(\S)/, (_, kept, sign) => kept + (sign === 'A' ? 'B' : 'A')));
  }, /signature/i],
  'the key': [/\/vkey$/, (body) => {
    const text = body.toString();
    return Buffer.from(text.replace(/(.)(\s*)$/, (_, sign, end) => (sign === 'A' ? 'B' : 'A') + end));
  }, /key/i],
};
for (const [what, [matches, change, why]] of Object.entries(ATTACKS)) {
  test(`altered: ${what}. The page turns red and says why`, async () => {
    const altered = all.front.alter(matches, change);
    try {
      const { person, verdict } = await verified();
      assert.ok(altered.times() > 0, 'nothing was altered');
      assert.equal(verdict.look, 'bad', verdict.text);
      assert.doesNotMatch(verdict.text, /✓ Verified/);
      assert.match(verdict.text, why);
      assert.ok(isRed(verdict.edge), `the edge is rgb(${verdict.edge})`);
      assert.match(await person.page.getByRole('alert').innerText(), /Not verified/);
      assert.deepEqual(await violations(person.page, '#proof'), []);
      await person.close();
    } finally {
      altered.undo();
    }
  });
}

for (const [what, one, other] of [
  ['the name of the actor', 'Jonas Weber', 'Ada Okafor'],
  ['the resource', 'DATABASE_URL', 'DATABASE_URI'],
  ['the address', '203.0.113.77', '203.0.113.78'],
  ['what a value is called', '<dt>ip</dt>', '<dt>forwarded_for</dt>'],
  ['whose values they are', '>To what</h2>', '>Who</h2>'],
  ['which column is before', '<th scope="col">Before</th><th scope="col">After</th>', '<th scope="col">After</th><th scope="col">Before</th>'],
]) {
  test(`altered on its way into the page: ${what}. The page does not say verified of what it does not show`, async () => {
    const altered = all.front.alter(/^\/t\/demo\/events\//, replaced(one, other));
    try {
      const { person, verdict } = await verified();
      assert.equal(verdict.look, 'bad', verdict.text);
      await person.close();
    } finally {
      altered.undo();
    }
  });
}

test('a tile that does not come is no accusation: nothing is decided, and it can be tried again', async () => {
  const person = await all.person();
  await person.signIn(all.server.demoKey, path);
  const box = proofBox(person.page);
  all.front.offline(true);
  await box.button.click();
  const verdict = await box.verdict();
  all.front.offline(false);
  person.watched.forget();
  assert.equal(verdict.look, 'warn', verdict.text);
  assert.match(verdict.text, /nothing was decided/);
  await person.page.locator('#proof').evaluate((node) => { delete node.dataset.done; });
  await box.button.click();
  assert.equal((await box.verdict()).look, 'good');
  await person.close();
});

test('a server that goes back behind what this browser has seen is found out', async () => {
  const saved = new Map();
  const keep = all.front.alter(/\/v1\/(events\/[^/]+\/proof|logs\/)/, (body, url) => {
    saved.set(url, body);
    return body;
  });
  const person = await all.person();
  await person.signIn(all.server.demoKey, path);
  const box = proofBox(person.page);
  const press = async () => {
    await person.page.locator('#proof').evaluate((node) => { delete node.dataset.done; });
    await box.button.click();
    return box.verdict();
  };
  assert.equal((await press()).look, 'good');
  keep.undo();
  await all.server.demo.post('/v1/events?wait=checkpoint', [{ operation: 'user.updated', actor: { id: 'later' }, resource: { type: 'user', id: 'later' } }]);
  // Seals and signs within a checkpoint's interval: until then the page says what it said.
  for (let tries = 0; tries < 20; tries += 1) {
    const { text, look } = await press();
    assert.equal(look, 'good', text);
    if (!text.includes(`of ${sizeIn(saved)}`)) break;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const back = all.front.alter(/\/v1\/(events\/[^/]+\/proof|logs\/)/, (body, url) => saved.get(url) ?? body);
  const verdict = await press();
  back.undo();
  assert.equal(verdict.look, 'bad', verdict.text);
  await person.close();
});

/// How many entries the checkpoint in the proof that was saved commits to.
function sizeIn(saved) {
  const [, proof] = [...saved].find(([url]) => url.includes('/proof'));
  return proof.toString().split('\n').find((line) => /^\d+$/.test(line));
}

test('an event of very many changes is a page of bounded length, and verified', async () => {
  const changes = Array.from({ length: 400 }, (_, at) => ({ field: `replicas_${at}`, before: at, after: at + 1 }));
  const wide = { id: 'evt_wide', operation: 'deployment.created', actor: { id: 'wide' }, resource: { type: 'deployment', id: 'wide' }, changes };
  await all.server.demo.post('/v1/events?wait=checkpoint', [wide]);
  const person = await all.person();
  await person.signIn(all.server.demoKey, '/t/demo/events/evt_wide');
  assert.match(await person.page.locator('article').innerText(), /the first 100 of 400 changed fields/);
  const box = proofBox(person.page);
  await box.button.click();
  const { look, text } = await box.verdict();
  assert.equal(look, 'good', text);
  // Each value keeps its place, and what it is called; only the rows are others.
  for (const [swap, why] of [['cell', /in the row of another change/], ['name', /The page calls the values at \/changes/]]) {
    await person.visit('/t/demo/events/evt_wide');
    await person.page.evaluate((what) => {
      const [one, two] = document.querySelector('table.changes').tBodies[0].rows;
      if (what === 'cell') one.cells[1].after(two.cells[1]);
      if (what === 'cell') two.cells[0].after(one.cells[1]);
      if (what === 'name') document.querySelector('#whole-changes summary code').textContent = 'metadata';
    }, swap);
    await box.button.click();
    const altered = await box.verdict();
    assert.equal(altered.look, 'bad', altered.text);
    assert.match(altered.text, why);
  }
  person.check();
  await person.close();
});

test('the file for other programs is downloaded under the name of the event', async () => {
  const person = await all.person();
  await person.signIn(all.server.demoKey, path);
  const coming = person.page.waitForEvent('download');
  await person.page.getByRole('link', { name: /\.tlog-proof/ }).click();
  const download = await coming;
  assert.equal(download.suggestedFilename(), `${event.id}.tlog-proof`);
  await person.close();
});
