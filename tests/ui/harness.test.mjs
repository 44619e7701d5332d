// The harness itself: every fault that it promises to see is made here, and seen. A check that can't fail is a defect.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { violations } from './harness/axe.mjs';
import { CONTEXT, browser } from './harness/chromium.mjs';
import { crawl } from './harness/crawl.mjs';
import { challenge, identityProvider, personAtProvider } from './harness/oidc.mjs';
import { proxy } from './harness/proxy.mjs';
import { visitor } from './harness/visitor.mjs';
import { WEIGHT_BYTES_MAX } from './harness/watch.mjs';

const POLICY = "default-src 'none'; script-src 'self'; img-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HEADERS = {
  'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer', 'cache-control': 'no-store',
};
const html = (body) => `<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width"><link rel="icon" href="/icon.svg"></head><body><main><h1>A page</h1>${body}</main></body></html>`;

/// Address → [body, status, headers that differ].
const PAGES = {
  '/good': [html('<a href="/other">Other</a><form><label>Name <input></label></form>')],
  '/other': [html('<a href="/good">Good</a> <a href="/hidden">Hidden</a>')],
  '/hidden': [html('<a href="/missing">Nowhere</a>')],
  '/icon.svg': ['<svg xmlns="http://www.w3.org/2000/svg"/>', 200, { 'content-type': 'image/svg+xml' }],
  '/missing': [html('Not found'), 404],
  '/console': [html('<script src="/console.js"></script>')],
  '/console.js': ['console.error("something is wrong")', 200, { 'content-type': 'text/javascript' }],
  '/throws': [html('<script src="/throws.js"></script>')],
  '/throws.js': ['undefined.property', 200, { 'content-type': 'text/javascript' }],
  '/dialog': [html('<script src="/dialog.js"></script>')],
  '/dialog.js': ['alert(1)', 200, { 'content-type': 'text/javascript' }],
  '/inline': [html('<p style="color: red">styled</p>')],
  '/abroad': [html('<img alt="abroad" src="http://abroad.example/x.png">'), 200, { 'content-security-policy': POLICY.replace("img-src 'self'", 'img-src http:') }],
  '/asset': [html('<img alt="not there" src="/missing.png">')],
  '/lax': [html(''), 200, { 'content-security-policy': undefined }],
  '/unsafe': [html(''), 200, { 'content-security-policy': POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'") }],
  '/sniffed': [html(''), 200, { 'x-content-type-options': undefined }],
  '/kept': [html(''), 200, { 'cache-control': 'public' }],
  '/heavy': [html('x'.repeat(WEIGHT_BYTES_MAX))],
  '/heavy-asset': [html('<script src="/heavy.js"></script>')],
  '/heavy.js': [`// ${'x'.repeat(WEIGHT_BYTES_MAX)}`, 200, { 'content-type': 'text/javascript' }],
  '/wide': [html('<table><tr><td>unbroken</td></tr></table><pre>' + 'x'.repeat(500) + '</pre>')],
  '/over': [html('<link rel="stylesheet" href="/over.css"><p class="row"><span>a word that is long</span><span>another</span></p>')],
  '/over.css': ['.row { display: grid; grid-template-columns: 2rem 1fr; white-space: nowrap }', 200, { 'content-type': 'text/css' }],
  '/blind': [html('<img src="/icon.svg">')],
  '/unfocused': [html('<link rel="stylesheet" href="/unfocused.css"><a href="/good">Good</a>')],
  '/unfocused.css': ['a { outline: none }', 200, { 'content-type': 'text/css' }],
};

let server;
let front;
let chromium;
before(async () => {
  server = http.createServer((request, response) => {
    const [body, status = 200, headers = {}] = PAGES[request.url.split('?')[0]] ?? [html('Nothing'), 404];
    const sent = Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== undefined);
    response.writeHead(status, Object.fromEntries(sent)).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  front = await proxy();
  front.to(`http://127.0.0.1:${server.address().port}`);
  chromium = await browser();
});
after(async () => {
  await chromium?.close();
  await front?.stop();
  server?.closeAllConnections();
  server?.close();
});

async function somebody(options = {}) {
  const context = await chromium.newContext({ ...CONTEXT, viewport: { width: 380, height: 800 }, ...options });
  return visitor(await context.newPage(), front.url);
}

test('a page as it should be passes', async () => {
  const person = await somebody();
  await person.visit('/good');
  assert.ok(person.watched.weight() > 500, 'bytes are counted');
  assert.equal(await person.isTooWide(), null);
  assert.deepEqual(await violations(person.page), []);
  await person.close();
});

for (const [path, why] of Object.entries({
  '/console': /something is wrong/,
  '/throws': /script: .*undefined/,
  '/dialog': /dialog: 1/,
  '/inline': /style-src/,
  '/abroad': /another host: http:\/\/abroad\.example/,
  '/asset': /missing\.png/,
  '/lax': /no Content-Security-Policy/,
  '/unsafe': /wide/,
  '/sniffed': /nosniff/,
  '/kept': /caches may keep/,
  '/heavy': /bytes are more than/,
  '/heavy-asset': /bytes are more than/,
  '/missing': /404/,
})) {
  test(`a visit to ${path} fails and says why`, async () => {
    const person = await somebody();
    await assert.rejects(person.visit(path), why);
    await person.close();
  });
}

test('a missing page that is expected to be missing passes', async () => {
  const person = await somebody();
  await person.visit('/missing', { status: [404] });
  await person.close();
});

test('without JavaScript the policy is still watched', async () => {
  const person = await somebody({ javaScriptEnabled: false });
  await person.visit('/good');
  await assert.rejects(person.visit('/inline'), /style/);
  await person.close();
});

test('a page that is too wide is seen', async () => {
  const person = await somebody();
  await person.visit('/wide');
  assert.match(await person.isTooWide(), /of 380 px/);
  await person.close();
});

test('texts that lie over each other are seen', async () => {
  const person = await somebody();
  await person.visit('/good');
  assert.deepEqual(await person.overlapping(), []);
  await person.visit('/over');
  assert.match((await person.overlapping()).join(), /"a word that is long" lies over "another"/);
  await person.close();
});

test('axe sees an image without a text, through the policy', async () => {
  const person = await somebody();
  await person.visit('/blind');
  assert.match((await violations(person.page)).join(), /image-alt/);
  await person.close();
});

test('Tab reaches what can be reached, and a focus that nobody sees is a fault', async () => {
  const person = await somebody();
  await person.visit('/good');
  await person.press(person.page.getByRole('link', { name: 'Other' }));
  await person.page.waitForURL('**/other');
  await assert.rejects(person.tabTo(person.page.getByRole('heading')), /can't be reached by Tab/);
  await person.visit('/unfocused');
  await assert.rejects(person.tabTo(person.page.getByRole('link')), /can't be seen/);
  await person.close();
});

test('a crawl finds what is linked, and fails on a link to nowhere', async () => {
  const person = await somebody();
  const seen = [];
  await assert.rejects(crawl(person, ['/good'], (path) => seen.push(path)), /\/missing: 404/);
  assert.deepEqual(seen, ['/good', '/other', '/hidden']);
  await person.close();
});

test('the proxy alters one answer and leaves the others alone', async () => {
  const altered = front.alter(/^\/good/, (body) => Buffer.from(body.toString().replace('Other', 'Altered')));
  const text = async (path) => (await fetch(front.url + path)).text();
  assert.match(await text('/good'), /Altered/);
  assert.doesNotMatch(await text('/other'), /Altered/);
  assert.equal(altered.times(), 1);
  altered.undo();
  assert.doesNotMatch(await text('/good'), /Altered/);
  front.offline(true);
  await assert.rejects(text('/good'));
  front.offline(false);
});

test('the identity provider signs a person in with groups, and the proxy before it sees PKCE', async () => {
  const idp = await identityProvider([{ sub: 'ana', email: 'ana@example.com', groups: ['sre'] }]);
  const context = await chromium.newContext(CONTEXT);
  const person = await visitor(await context.newPage(), front.url, [idp.issuer]);
  const back = `${front.url}/good`;
  const query = new URLSearchParams({
    response_type: 'code', client_id: 'veritrail', scope: 'openid email profile', state: 's', nonce: 'n', redirect_uri: back,
    code_challenge: challenge('a verifier'), code_challenge_method: 'S256',
  });
  await person.page.goto(`${idp.issuer}/oauth2/authorize?${query}`);
  await (await personAtProvider(person.page, 'ana')).click();
  await person.page.waitForURL(/[?&]code=/);
  person.check();
  const code = new URL(person.page.url()).searchParams.get('code');
  const answer = await fetch(`${idp.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('veritrail:secret')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: back }),
  });
  const claims = JSON.parse(Buffer.from((await answer.json()).id_token.split('.')[1], 'base64url'));
  assert.equal(claims.iss, idp.issuer);
  assert.deepEqual(claims.groups, ['sre']);
  assert.equal(idp.authorizations()[0].code_challenge_method, 'S256');
  await person.close();
  await idp.stop();
});
