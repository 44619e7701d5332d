// axe-core, put into the page by the test alone: over the debugging protocol, so that no policy has to be widened for it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/// Places that are told of a rule.
const SHOWN_MAX = 3;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

/// What is wrong on the page as it stands, or in that part of it: some lines for each rule.
export async function violations(page, part = 'html') {
  await page.evaluate(`${SOURCE}; undefined`);
  const found = await page.evaluate(
    ([tags, within]) => window.axe.run(within, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }),
    [TAGS, part],
  );
  return found.violations.map(({ id, help, nodes }) => {
    const told = nodes.slice(0, SHOWN_MAX).map(({ target, failureSummary }) => `    ${target.join(' ')}\n      ${failureSummary.replaceAll('\n', '\n      ')}`);
    const more = nodes.length > SHOWN_MAX ? [`    and ${nodes.length - SHOWN_MAX} more`] : [];
    return [`${id}: ${help}`, ...told, ...more].join('\n');
  });
}
