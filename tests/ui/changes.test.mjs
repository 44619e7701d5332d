// The first page: a stretch of time chosen on the bars, T0, folding, and the timeline for the post-mortem.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { story } from './harness/pages.mjs';
import { world } from './harness/world.mjs';

let all;
let tale;
let person;
let page;
let window;
before(async () => {
  all = await world();
  tale = await story(all.server);
  window = `/t/demo/?since=${encodeURIComponent(tale.since)}&until=${encodeURIComponent(tale.until)}`;
  person = await all.person({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = person.page;
  await person.signIn(all.server.demoKey, '/t/demo/');
});
after(() => all?.stop());

const times = () => {
  const { searchParams } = new URL(page.url());
  return [Date.parse(searchParams.get('since')), Date.parse(searchParams.get('until'))];
};

test('a stretch that is dragged over the bars is what the page shows then, with absolute times', async () => {
  await person.visit(window);
  const [since, until] = times();
  const bars = await page.locator('figure.over-time svg').boundingBox();
  const at = (share) => [bars.x + bars.width * share, bars.y + bars.height / 2];
  const before = page.url();
  await page.mouse.move(...at(0.25));
  await page.mouse.down();
  await page.mouse.move(...at(0.4), { steps: 5 });
  await page.mouse.move(...at(0.5), { steps: 5 });
  await page.mouse.up();
  await page.waitForURL((url) => url.href !== before);
  const [from, to] = times();
  const share = (time) => (time - since) / (until - since);
  assert.ok(Math.abs(share(from) - 0.25) < 0.05, `begins at ${share(from)}`);
  assert.ok(Math.abs(share(to) - 0.5) < 0.05, `ends at ${share(to)}`);
  await page.goBack();
  assert.equal(page.url(), before);
  person.check();
});

test('the same by keys: both ends are sliders', async () => {
  await person.visit(window);
  const before = page.url();
  await person.tabTo(page.getByRole('slider', { name: 'Beginning' }));
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowRight');
  await person.tabTo(page.getByRole('slider', { name: 'End' }));
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.href !== before);
  const [from, to] = times();
  assert.ok(from > Date.parse(tale.since) && to < Date.parse(tale.until));
  person.check();
});

test('with T0 pinned every row says how long before it was, and the link says so to others', async () => {
  await person.visit(window);
  // The first deployment that failed after the deletion.
  const failure = page.getByRole('listitem').filter({ hasText: /failed/ }).filter({ hasText: '14:12:35' }).last();
  await failure.getByRole('button', { name: /T0/ }).first().click();
  await page.waitForURL(/t0=/);
  assert.match(page.url(), /t0=\d{4}-\d{2}-\d{2}T14/);
  const deletion = page.locator(`li:has(a[href="/t/demo/events/${tale.deletion.id}"])`).last();
  assert.match(await deletion.innerText(), /T0\s*[−-]\s*(4|5) m/);
  person.check();
});

test('the timeline is copied as Markdown, with absolute times and links that lead here', async () => {
  await person.visit(`${window}&t0=${encodeURIComponent(tale.deletion.timestamp)}`);
  const button = page.getByRole('button', { name: 'Copy as Markdown' });
  await button.click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /Jonas Weber deleted the environment variable/);
  assert.match(text, new RegExp(tale.day));
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Markdown timeline' }).click();
  assert.equal((await coming).suggestedFilename(), 'timeline.md');
  person.check();
});

test('what machines did is folded, and opens', async () => {
  await person.visit(window);
  const fold = page.locator('li.fold details').first();
  assert.equal(await fold.getByRole('listitem').first().isVisible(), false);
  await fold.locator('summary').click();
  await fold.getByRole('listitem').first().waitFor();
});

test('a time in the viewer’s own zone stands beside UTC when one points at it', async () => {
  await person.visit(`/t/demo/events/${tale.deletion.id}`);
  // Athens, where the browser of the tests is, is two hours ahead in November.
  assert.match(await page.locator('main time').first().getAttribute('title'), /Z.*16:07/);
});
