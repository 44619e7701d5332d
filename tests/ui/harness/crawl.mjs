// Follows the links of the pages themselves, so that a page that no list names is tried as well.

/// Pages that one crawl visits, and how many of them may be alike.
const PAGES_MAX = 250;
const ALIKE_MAX = 4;

/// Not pages: what ends the session, and what is taken away as a file.
const IS_NO_PAGE = /^\/(sign-out|v1\/|assets\/)|[?&]download|\.(tlog-proof|jsonl|ndjson|csv|json|md|txt)(\?|$)|\/export(\?|$)/;

/// Visits what can be reached from `paths` and calls `each(path)` on every page. Answers with the paths.
export async function crawl(person, paths, each, { alike = ALIKE_MAX } = {}) {
  const waiting = [...paths];
  const seen = new Set(waiting);
  const kinds = new Map();
  const visited = [];
  while (waiting.length > 0 && visited.length < PAGES_MAX) {
    const path = waiting.shift();
    await person.visit(path);
    await each(path);
    visited.push(path);
    for (const link of await links(person.page)) {
      if (seen.has(link) || IS_NO_PAGE.test(link)) continue;
      seen.add(link);
      const kind = kindOf(link);
      const count = kinds.get(kind) ?? 0;
      if (count >= alike) continue;
      kinds.set(kind, count + 1);
      waiting.push(link);
    }
  }
  return visited;
}

/// Addresses on this host that the page links to, without what stands behind #.
export function links(page) {
  return page.locator('a[href]').evaluateAll((nodes) => [...new Set(nodes
    .filter((node) => !node.hasAttribute('download'))
    // Links of drawings have no `pathname`.
    .map((node) => new URL(node.getAttribute('href'), location.href))
    .filter(({ origin }) => origin === location.origin)
    .map(({ pathname, search }) => pathname + search))]);
}

/// Pages are alike when they differ in identifiers and in values of their query only.
function kindOf(link) {
  const url = new URL(link, 'http://localhost');
  const path = url.pathname.split('/').map((part) => (/\d|%|.{25}/.test(part) ? '*' : part)).join('/')
    .replace(/\/(events|resources|actors)\/.*/, '/$1/*');
  return `${path}?${[...new Set(url.searchParams.keys())].sort().join('&')}`;
}
