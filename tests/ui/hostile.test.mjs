// Attacks: markup in every member of an event, links of others, and an analyst who looks everywhere for persons.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api } from './harness/api.mjs';
import { crawl, links } from './harness/crawl.mjs';
import { hostile, hostileEvents, injected, told } from './harness/hostile.mjs';
import { world } from './harness/world.mjs';

let all;
const keys = {};
const AT = new Date(Date.now() - 20 * 60_000).toISOString();
const window = `since=${encodeURIComponent(new Date(Date.now() - 3_600_000).toISOString())}`;

before(async () => {
  all = await world();
  const { operator } = all.server;
  await operator.post('/v1/tenants', { name: 'hostile' });
  keys.writer = await operator.key('hostile', ['writer'], 'hostile');
  keys.auditor = await operator.key('hostile', ['auditor', 'admin']);
  keys.analyst = await operator.key('demo', ['analyst']);
  const { results } = await api(all.url, keys.writer).post('/v1/events', hostileEvents(AT));
  const refused = results.filter(({ status }) => !['created', 'accepted', 'stored', 'recorded'].includes(status));
  assert.deepEqual(refused, []);
});
after(() => all?.stop());

/// Every text of the pages that the tenant's reader can reach, with the policy switched off: escaping holds alone.
test('markup in every member of an event stays text on every page', async () => {
  const person = await all.person({ bypassCSP: true });
  await person.signIn(keys.auditor, '/t/hostile/');
  const q = (text) => encodeURIComponent(text);
  const starts = [
    '/t/hostile/', `/t/hostile/?${window}`, `/t/hostile/search?${window}`, '/t/hostile/events/hostile-whole', '/t/hostile/deployments',
    '/t/hostile/access', '/t/hostile/health', '/t/hostile/admin', `/t/hostile/search?q=${q(`"${hostile('query').replaceAll('"', '\\"')}"`)}`,
  ];
  const found = [];
  const visited = await crawl(person, starts, async (path) => {
    found.push(...(await injected(person.page)).map((line) => `${path}: ${line}`));
  }, { alike: 8 });
  assert.ok(found.length === 0, `\n${found.join('\n')}`);
  assert.ok(visited.length >= starts.length, visited.join('\n'));
  await person.close();
});

test('what was sent to a page with its address stays text, in answers of every kind', async () => {
  const person = await all.person({ bypassCSP: true });
  await person.signIn(keys.auditor, '/t/hostile/');
  const text = encodeURIComponent(hostile('address'));
  for (const path of [
    `/t/hostile/search?q=${text}`, `/t/hostile/?q=${text}`, `/t/hostile/?since=${text}&until=${text}`, `/t/hostile/?t0=${text}`,
    `/t/hostile/events/${text}`, `/t/hostile/resources/user/${text}`, `/t/hostile/resources/${text}/x`, `/t/hostile/actors/${text}/${text}`,
    `/t/hostile/deployments?project=${text}&environment=${text}`, `/t/hostile/search?cursor=${text}`, `/t/hostile/${text}`, `/t/${text}/`,
    `/sign-in?to=${text}`, `/sign-in?to=${encodeURIComponent('//evil.example/')}`, `/sign-in?to=${encodeURIComponent('javascript:window.__xss=1')}`,
    `/sign-in?error=${text}`, `/${text}`,
  ]) {
    await person.visit(path, { status: [200, 400, 404, 422] });
    assert.deepEqual(await injected(person.page), [], path);
  }
  await person.close();
});

test('the event page shows every hostile text as it was sent', async () => {
  const person = await all.person();
  await person.signIn(keys.auditor, '/t/hostile/');
  await person.visit('/t/hostile/events/hostile-whole');
  const text = await person.page.evaluate(() => document.body.textContent);
  const missing = [
    'actor-id', 'actor-email', 'actor-name', 'credential', 'user-agent', 'device', 'resource-id', 'resource-name', 'project', 'related-id',
    'outcome-message', 'reason', 'environment', 'request', 'correlation', 'metadata-value', 'metadata-name', 'unknown-value',
  ].filter((where) => !text.includes(told(where)));
  assert.deepEqual(missing, []);
  await person.visit('/t/hostile/events/hostile-changed');
  const changed = await person.page.evaluate(() => document.body.textContent);
  const lost = ['change-field', 'change-before', 'change-after', 'change-line', 'line-before', 'line-after'].filter((where) => !changed.includes(told(where)));
  assert.deepEqual(lost, []);
  await person.close();
});

test('no text makes a page wider than a telephone', async () => {
  const person = await all.person({ width: 380 });
  await person.signIn(keys.auditor, '/t/hostile/');
  const wide = [];
  await crawl(person, ['/t/hostile/', ...['whole', 'changed', 'long', 'marks', 'bidi'].map((id) => `/t/hostile/events/hostile-${id}`)], async (path) => {
    const found = await person.isTooWide();
    if (found) wide.push(`${path}: ${found}`);
  }, { alike: 3 });
  assert.ok(wide.length === 0, `\n${wide.join('\n')}`);
  await person.close();
});

test('what is live or completed stays text as well', async () => {
  const person = await all.person({ bypassCSP: true });
  await person.signIn(keys.auditor, '/t/hostile/');
  await person.visit('/t/hostile/search');
  const box = person.page.locator('main input[name="q"]');
  for (const beginning of ['project:', 'environment:', 'actor.name:', 'resource.name:', 'service:']) {
    await box.fill('');
    await box.pressSequentially(beginning);
    // A completion may come or not; what comes is text.
    await person.page.waitForLoadState('networkidle');
    assert.deepEqual(await injected(person.page), [], beginning);
  }
  person.check('completion');
  await person.close();
});

test('a link of another tenant is answered like one that leads nowhere, byte for byte', async () => {
  const person = await all.person();
  await person.signIn(keys.auditor, '/t/hostile/');
  const [foreign] = await all.server.demo.search('operation:environment_variable.deleted', 1);
  const answer = async (path, name) => {
    const response = await person.page.request.get(path, { headers: { accept: 'text/html' }, maxRedirects: 0 });
    const nameless = (text) => text.replaceAll(encodeURIComponent(name), '…').replaceAll(name, '…');
    const headers = Object.entries(response.headers()).filter(([header]) => !['date', 'content-length'].includes(header)).sort();
    return { status: response.status(), headers: nameless(JSON.stringify(headers)), text: nameless(await response.text()) };
  };
  const alike = async (one, other) => assert.deepEqual(await answer(...one), await answer(...other), one[0]);
  const own = '/t/hostile';
  await alike([`${own}/events/${foreign.id}`, foreign.id], [`${own}/events/demo-20200101-nothing`, 'demo-20200101-nothing']);
  for (const page of ['/', '/search', `/events/${foreign.id}`, '/resources/user/usr_111', '/actors/user/usr_111', '/deployments', '/health', '/access', '/admin']) {
    await alike([`/t/demo${page}`, 'demo'], [`/t/nobodys${page}`, 'nobodys']);
  }
  const { id } = foreign.resource;
  await alike(
    [`${own}/resources/${foreign.resource.type}/${id}`, id],
    [`${own}/resources/${foreign.resource.type}/nothing-of-the-kind`, 'nothing-of-the-kind'],
  );
  await person.page.context().clearCookies();
  await alike([`/t/demo/events/${foreign.id}`, foreign.id], ['/t/demo/events/demo-20200101-nothing', 'demo-20200101-nothing']);
  await alike(['/t/demo/', 'demo'], ['/t/nobodys/', 'nobodys']);
  await person.close();
});

/// Everything that says who somebody is, in the whole demo, by what somebody sees who may.
async function persons() {
  const found = new Set();
  let cursor;
  do {
    const page = await all.server.demo.get('/v1/events', { limit: 1000, ...(cursor ? { cursor } : {}) });
    for (const { actor, origin } of page.events) {
      [actor?.email, origin?.ip].filter(Boolean).forEach((text) => found.add(text));
    }
    cursor = page.cursor;
  } while (cursor);
  return found;
}

const MAIL = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;
const ADDRESS = /\b\d{1,3}(\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){3,7}\b/gi;

/// Mail addresses and IP addresses in a text: those of somebody in the demo, and what looks like one.
function personsIn(text, known) {
  const looksLike = [...(text.match(MAIL) ?? []), ...(text.match(ADDRESS) ?? [])];
  return [...new Set([...looksLike, ...[...known].filter((one) => text.includes(one))])].filter((one) => one !== '127.0.0.1');
}

test('an analyst finds nobody: not in a page, a download, a completion or an error', async () => {
  const known = await persons();
  assert.ok(known.size > 20, `the demo has ${known.size}`);
  const person = await all.person();
  await person.signIn(keys.analyst, '/t/demo/');
  const found = [];
  const look = (where, text) => found.push(...personsIn(text, known).map((one) => `${where}: ${one}`));
  const files = new Set();
  const [deletion] = await all.server.demo.search('operation:environment_variable.deleted', 1);
  const starts = [
    '/t/demo/', '/t/demo/search', '/t/demo/search?q=operation%3Asession.*', `/t/demo/events/${deletion.id}`, '/t/demo/deployments',
    '/t/demo/resources/user/usr_111', '/t/demo/actors/user/usr_111',
  ];
  await crawl(person, starts, async (path) => {
    look(path, await person.page.content());
    look(`${path} as sent`, await (await person.page.request.get(path)).text());
    for (const link of await person.page.locator('a[href]').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('href')))) files.add(new URL(link, all.url).href);
  });
  const pages = await links(person.page);
  for (const file of [...files].filter((link) => link.startsWith(all.url) && !pages.includes(link)).slice(0, 120)) {
    look(file, await (await person.page.request.get(file)).text());
  }
  for (const path of [
    '/v1/events?limit=1000', '/v1/export?format=jsonl', '/v1/fields', '/v1/stats?by=actor.id', '/v1/stats?by=actor.email', '/v1/stats?by=ip',
    '/v1/fields?field=actor.email', '/v1/fields/actor.email', '/v1/complete?q=actor%3A', '/v1/complete?q=ip%3A2', `/v1/events/${deletion.id}`,
    `/v1/events/${deletion.id}/proof`, '/v1/resources/user/usr_111/state',
    '/t/demo/search?q=ip%3A2', '/t/demo/search?q=email%3Aj*', '/t/demo/search?q=actor.name%3Aj*', '/t/demo/search?q=ip%3A*',
    '/t/demo/access', '/t/demo/health', '/t/demo/admin',
  ]) {
    look(path, await (await person.page.request.get(path)).text());
  }
  assert.ok(found.length === 0, `\n${[...new Set(found)].join('\n')}`);
  await person.close();
});

test('a form of another site changes nothing', async () => {
  const person = await all.person();
  await person.signIn(keys.auditor, '/t/hostile/');
  const [{ value }] = (await person.page.context().cookies()).filter(({ name }) => name === 'veritrail_session');
  const send = (form, headers = {}) => fetch(`${all.url}/sign-out`, {
    method: 'POST', redirect: 'manual', headers: { cookie: `veritrail_session=${value}`, ...headers }, body: new URLSearchParams(form),
  });
  await send({ csrf: 'guessed' });
  await send({});
  await person.visit('/t/hostile/');
  assert.equal(new URL(person.page.url()).pathname, '/t/hostile/', 'still signed in');
  const refused = await fetch(`${all.url}/sign-in`, {
    method: 'POST', redirect: 'manual', headers: { 'sec-fetch-site': 'cross-site' }, body: new URLSearchParams({ key: keys.analyst }),
  });
  assert.equal(refused.headers.get('set-cookie'), null, 'nobody is signed in as somebody else');
  await person.close();
});

test('the session is out of reach of scripts and ends when it is ended', async () => {
  const person = await all.person();
  await person.signIn(keys.auditor, '/t/hostile/');
  const cookies = await person.page.context().cookies();
  const session = cookies.find(({ name }) => name === 'veritrail_session');
  assert.equal(session.httpOnly, true);
  assert.equal(session.sameSite, 'Lax');
  await person.page.locator('details.menu summary').click();
  await person.page.getByRole('button', { name: 'Sign out' }).click();
  await person.page.waitForURL('**/sign-in*');
  await person.page.context().addCookies([session]);
  await person.visit('/t/hostile/');
  assert.match(person.page.url(), /\/sign-in/, 'the old cookie is worth nothing');
  await person.close();
});
