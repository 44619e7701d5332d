// axe-core, put into the page by the test alone: over the debugging protocol, so that no policy has to be widened for it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

/// What is wrong on the page as it stands, or in that part of it: a line for each place.
export async function violations(page, part = 'html') {
  await page.evaluate(`${SOURCE}; undefined`);
  const found = await page.evaluate(
    ([tags, within]) => window.axe.run(within, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }),
    [TAGS, part],
  );
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => (
    `${id}: ${help}\n    ${target.join(' ')}\n    ${failureSummary.replaceAll('\n', '\n    ')}`
  )));
}
