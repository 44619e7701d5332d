// axe-core finds nothing on any page: WCAG 2.0 to 2.2, A and AA, and its best practices, in both themes and widths.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { violations } from './harness/axe.mjs';
import { THEMES, WIDTHS } from './harness/chromium.mjs';
import { pages, story, visitors } from './harness/pages.mjs';
import { world } from './harness/world.mjs';

let all;
let listed;
const people = new Map();
before(async () => {
  all = await world();
  listed = pages(await story(all.server));
  for (const width of WIDTHS) people.set(width, await visitors(all, { width }));
});
after(() => all?.stop());

test('pages', async (t) => {
  for (const { name, path, as = 'reader', status = [200] } of listed) {
    await t.test(`axe finds nothing on ${name}`, async () => {
      const found = new Map();
      for (const width of WIDTHS) {
        const person = await people.get(width)(as);
        await person.visit(path, { status });
        for (const theme of THEMES) {
          await person.page.emulateMedia({ colorScheme: theme });
          for (const line of await violations(person.page)) found.set(line, [...(found.get(line) ?? []), `${width} px ${theme}`]);
        }
      }
      const told = [...found].map(([line, where]) => `${line}\n    at ${where.join(', ')}`);
      assert.ok(found.size === 0, `\n${told.join('\n')}`);
    });
  }
});
