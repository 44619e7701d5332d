// Without JavaScript every page works; only live mode, brushing and the proof in the page are missing, and nothing of them shows.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crawl } from './harness/crawl.mjs';
import { pages, story, visitors } from './harness/pages.mjs';
import { world } from './harness/world.mjs';

let all;
let tale;
let person;
let others;
before(async () => {
  all = await world();
  tale = await story(all.server);
  person = await all.person({ javaScriptEnabled: false });
  await person.page.goto('/t/demo/');
  others = await visitors(all, { javaScriptEnabled: false });
});
after(() => all?.stop());

test('somebody signs in and comes to where they were going', async () => {
  assert.match(person.page.url(), /\/sign-in\?to=/);
  await person.page.getByLabel('API key').fill(all.server.demoKey);
  await person.page.getByRole('button', { name: 'Sign in with the key' }).click();
  await person.page.waitForURL('**/t/demo/');
  person.check();
});

test('every page is there, and says no less than with scripts', async (t) => {
  for (const { name, path, as = 'reader', status } of pages(tale)) {
    await t.test(`${name} without scripts`, async () => {
      const somebody = await others(as);
      await somebody.visit(path, { status });
      assert.equal(await somebody.page.getByRole('heading', { level: 1 }).count(), 1);
      // A control that needs a script must not stand there and do nothing.
      const dead = await somebody.page.locator('main button:visible:not(form button):not([form])').evaluateAll((nodes) => nodes.map((node) => node.outerHTML.slice(0, 120)));
      assert.deepEqual(dead, []);
    });
  }
});

test('every link of every page leads somewhere', async () => {
  const visited = await crawl(person, ['/t/demo/'], async () => {}, { alike: 3 });
  assert.ok(visited.length > 15, visited.join('\n'));
});

test('a search is typed, sent, narrowed by a facet, and an event of it opened', async () => {
  const { page } = person;
  await person.visit('/t/demo/');
  await page.getByRole('searchbox').first().fill('operation:environment_variable.deleted project:checkout');
  await page.getByRole('searchbox').first().press('Enter');
  await page.waitForURL('**/t/demo/search?**');
  await page.locator('main').getByRole('link', { name: /DATABASE_URL/ }).first().waitFor();
  person.check();
});

test('the theme is chosen and stays', async () => {
  const { page } = person;
  await person.visit('/t/demo/');
  await page.locator('details.menu summary').click();
  await page.getByRole('button', { name: 'dark' }).click();
  await person.visit('/t/demo/');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  person.check();
});

test('somebody signs out', async () => {
  const { page } = person;
  await person.visit('/t/demo/');
  await page.locator('details.menu summary').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await person.visit('/t/demo/');
  assert.match(page.url(), /\/sign-in/);
});
