// Every page, at 1440 and 380 px, light and dark: photographed into target/screens for people to look at, and nothing may be
// wider than a telephone.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { THEMES, WIDTHS } from './harness/chromium.mjs';
import { pages, story, visitors } from './harness/pages.mjs';
import { ROOT } from './harness/server.mjs';
import { world } from './harness/world.mjs';

const SCREENS = path.join(ROOT, 'target/screens');

let all;
let listed;
const people = new Map();
before(async () => {
  await mkdir(SCREENS, { recursive: true });
  all = await world();
  listed = pages(await story(all.server));
  for (const width of WIDTHS) people.set(width, await visitors(all, { width }));
});
after(() => all?.stop());

test('pages', async (t) => {
  for (const { name, path: address, as = 'reader', status = [200] } of listed) {
    await t.test(`${name} fits, in both widths and themes`, async () => {
      for (const width of WIDTHS) {
        const person = await people.get(width)(as);
        await person.visit(address, { status });
        for (const theme of THEMES) {
          await person.page.emulateMedia({ colorScheme: theme });
          await person.page.screenshot({ path: path.join(SCREENS, `${name}-${width}-${theme}.png`), fullPage: true });
        }
        assert.equal(await person.isTooWide(), null, `${name} at ${width} px`);
        assert.deepEqual(await person.overlapping(), [], `${name} at ${width} px`);
        assert.deepEqual(await person.broken(), [], `${name} at ${width} px`);
      }
    });
  }
});
