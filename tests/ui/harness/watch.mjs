// Watches a page on every visit: nothing on the console, no other host, the strict policy on every document and nothing that
// it had to stop, no dialog, and not more bytes than were promised. A fault fails the visit that has it.
import assert from 'node:assert/strict';

/// Bytes of a document with its assets, as they came over the wire with headers and an empty cache.
export const WEIGHT_BYTES_MAX = 150 * 1024;
const ASKED_BY_SCRIPTS = ['XHR', 'Fetch', 'EventSource'];
/// Directives that a document's policy must have, word for word.
const POLICY = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"];

/// Watches `page`, whose product is at `origin`. `others` may be visited, too: an identity provider.
export async function watch(page, origin, others = []) {
  const faults = [];
  // Answers that a test asked for and that the browser logs as errors: by address.
  const expected = new Set();
  let weight = new Map();
  const isOurs = (url) => url.startsWith(`${origin}/`);
  const isElsewhere = (url) => /^(https?|wss?):/.test(url) && !isOurs(url) && !others.some((other) => url.startsWith(`${other}/`));

  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const at = message.location().url;
    if (others.some((other) => at.startsWith(other) || page.url().startsWith(other))) return;
    if (expected.has(at) && message.text().startsWith('Failed to load resource')) return;
    faults.push(`console: ${message.text()} (${at})`);
  });
  page.on('pageerror', (error) => isOurs(page.url()) && faults.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on('request', (request) => {
    const from = request.frame().url();
    if (isElsewhere(request.url()) && !others.some((other) => from.startsWith(`${other}/`))) faults.push(`another host: ${request.url()}`);
  });
  page.on('response', (response) => {
    const request = response.request();
    if (!isOurs(response.url()) || !request.isNavigationRequest() || response.status() === 204) return;
    const headers = response.headers();
    const isPage = headers['content-type']?.startsWith('text/html');
    if (isPage) policyFaults(headers).forEach((fault) => faults.push(`${fault} (${response.url()})`));
  });

  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  cdp.on('Network.requestWillBeSent', ({ type, requestId, loaderId, redirectResponse }) => {
    if (type === 'Document' && requestId === loaderId && !redirectResponse) weight = new Map();
    // What scripts ask for when they are told to, tiles for example, is no weight of the page.
    if (!ASKED_BY_SCRIPTS.includes(type)) weight.set(requestId, 0);
  });
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (weight.has(requestId)) weight.set(requestId, encodedDataLength);
  });
  await page.exposeFunction('__violated', (what) => faults.push(`policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.__violated(`${event.effectiveDirective} ${event.blockedURI} ${event.sample} in ${event.sourceFile}:${event.lineNumber}`);
    });
  });

  return {
    /// Leaves out what was wrong until now: a visit that failed for another reason.
    forget: () => { faults.length = 0; },
    weight: () => [...weight.values()].reduce((sum, bytes) => sum + bytes, 0),
    /// The browser will log an answer of this address as an error, and should.
    expect: (url) => expected.add(url),
    /// Fails if anything was wrong since the last call.
    check(what = page.url()) {
      const found = faults.splice(0);
      assert.ok(found.length === 0, `${what}\n  ${found.join('\n  ')}`);
    },
  };
}

function policyFaults(headers) {
  const policy = headers['content-security-policy'];
  if (!policy) return ['no Content-Security-Policy'];
  const directives = policy.split(';').map((directive) => directive.trim());
  const faults = POLICY.filter((wanted) => !directives.includes(wanted)).map((wanted) => `the policy lacks ${wanted}`);
  if (/unsafe-|https?:|\*|data:|blob:/.test(policy)) faults.push(`the policy is wide: ${policy}`);
  if (headers['x-content-type-options'] !== 'nosniff') faults.push('no nosniff');
  if (!/no-referrer|same-origin/.test(headers['referrer-policy'] ?? '')) faults.push('no Referrer-Policy');
  if (!/no-store|private/.test(headers['cache-control'] ?? '')) faults.push('a page that caches may keep');
  return faults;
}
