// What searching gains from scripts: keys, completion, live mode; and what every view has, its address.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './harness/axe.mjs';
import { hostile, injected, told } from './harness/hostile.mjs';
import { story } from './harness/pages.mjs';
import { world } from './harness/world.mjs';

let all;
let tale;
let person;
let page;
before(async () => {
  all = await world();
  tale = await story(all.server);
  person = await all.person({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = person.page;
  await person.signIn(all.server.demoKey, '/t/demo/');
});
after(() => all?.stop());

const found = (q) => `/t/demo/search?q=${encodeURIComponent(q)}&since=${encodeURIComponent(tale.since)}&until=${encodeURIComponent(tale.until)}`;
const focused = () => page.evaluate(() => document.activeElement?.closest('tr')?.dataset.id ?? document.activeElement?.id);

test('keys: / to the box, j and k through the rows, Enter opens, back comes back, Esc leaves', async () => {
  await person.visit(found('operation:environment_variable.*'));
  const ids = await page.locator('tr[data-id]').evaluateAll((rows) => rows.map((row) => row.dataset.id));
  assert.ok(ids.length >= 3, ids.join());
  await page.keyboard.press('/');
  assert.equal(await focused(), 'q');
  await page.keyboard.type('j');
  assert.match(await page.locator('#q').inputValue(), /j/, 'in the box a key is a letter');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  assert.notEqual(await focused(), 'q');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.equal(await focused(), ids[1]);
  await page.keyboard.press('k');
  assert.equal(await focused(), ids[0]);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/events/${ids[0]}`);
  await page.goBack();
  assert.ok(page.url().endsWith(found('operation:environment_variable.*')) || page.url().includes('environment_variable'));
  person.check();
});

test('keys that are letters can be turned off, and stay off', async () => {
  await person.visit(found('operation:environment_variable.*'));
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await help.waitFor();
  assert.deepEqual(await violations(page), []);
  await help.getByRole('checkbox').uncheck();
  await help.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('j');
  assert.equal(await page.locator('tr[aria-current="true"]').count(), 0);
  await page.reload();
  await page.keyboard.press('?');
  assert.equal(await help.isVisible(), false);
  await page.evaluate(() => localStorage.clear());
});

test('completion, by keys alone: a field, its values, in the box', async () => {
  await person.visit('/t/demo/search');
  await page.keyboard.press('/');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('outc');
  const list = page.getByRole('listbox');
  await list.getByRole('option').first().waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#q').inputValue(), 'outcome:');
  await list.getByRole('option', { name: /denied/ }).waitFor();
  await page.keyboard.type('den');
  await list.getByRole('option', { name: /denied/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=outcome%3Adenied/);
  assert.ok((await page.locator('tr[data-id]').count()) > 0);
  person.check();
});

test('a mistake is marked under the word, and the box has the focus', async () => {
  await person.visit('/t/demo/search?q=actor%3Ajonas+outcome%3Amaybe', { status: [200, 400, 422] });
  assert.match(await page.getByRole('alert').innerText(), /outcome/);
  assert.equal(await page.locator('mark').innerText(), await page.locator('mark').innerText());
  assert.match(await page.locator('mark').innerText(), /maybe/);
  assert.equal(await focused(), 'q');
  assert.equal(await page.locator('#q').inputValue(), 'actor:jonas outcome:maybe');
});

test('every step of narrowing is an address: back and forward, and the same for somebody else', async () => {
  await person.visit(found('project:checkout'));
  const first = page.url();
  const total = () => page.locator('.total').innerText();
  const before = await total();
  await page.locator('.facets a.add').first().click();
  await page.waitForURL((url) => url.href !== first);
  const narrowed = page.url();
  const after = await total();
  assert.notEqual(after, before);
  await page.goBack();
  assert.equal(page.url(), first);
  assert.equal(await total(), before);
  await page.goForward();
  assert.equal(page.url(), narrowed);
  assert.match(narrowed, /since=\d{4}-.*until=\d{4}-/, 'times are absolute');
  const other = await all.person();
  await other.signIn(all.server.demoKey, new URL(narrowed).pathname + new URL(narrowed).search);
  assert.equal(await other.page.locator('.total').innerText(), after);
  await other.close();
  person.check();
});

test('a facet leaves out as well, and what is chosen can be taken back', async () => {
  await person.visit(found('project:checkout'));
  const before = await page.locator('.total').innerText();
  const out = page.locator('.facets a.minus').first();
  const name = (await out.getAttribute('title')).replace('Leave out ', '');
  await out.click();
  await page.waitForURL(/q=.*-/);
  assert.notEqual(await page.locator('.total').innerText(), before);
  await page.getByRole('list', { name: 'Conditions' }).getByRole('link', { name: new RegExp(`Take out -.*${name.slice(0, 8)}`, 'i') }).click();
  await page.waitForURL((url) => !decodeURIComponent(url.search).includes(' -') && !url.search.includes('+-'));
  assert.equal(await page.locator('.total').innerText(), before);
  person.check();
});

test('live: what is recorded now appears on top, as text; a break is told, and nothing is missed', async () => {
  await person.visit('/t/demo/search');
  const send = (id, more = {}) => all.server.demo.post('/v1/events', [{
    id, operation: 'user.updated', actor: { id: 'live', name: `live ${id}` }, resource: { type: 'user', id: 'live' }, ...more,
  }]);
  await page.getByRole('button', { name: 'Live' }).click();
  await page.getByText('New events appear on top').waitFor();
  await send('live-1', { actor: { id: 'live', name: hostile('live') }, resource: { type: 'user', id: 'l', name: hostile('live-resource') } });
  await page.locator('tr[data-id="live-1"]').waitFor();
  assert.ok((await page.locator('tr[data-id="live-1"]').innerText()).includes(told('live')));
  assert.deepEqual(await injected(page), []);
  all.front.offline(true);
  all.front.cut();
  await page.getByText('The connection was lost').waitFor();
  await send('live-2');
  all.front.offline(false);
  await page.locator('tr[data-id="live-2"]').waitFor({ timeout: 20_000 });
  assert.equal(await page.locator('tr[data-id="live-1"]').count(), 1, 'nothing twice');
  person.watched.forget();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused').waitFor();
  assert.deepEqual(await violations(page), []);
});
