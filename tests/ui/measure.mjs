// How fast a running server's pages come, and how heavy they are. Plain HTTP with a session, as a browser asks, no browser.
//
//   VERITRAIL_KEY=vtk_… node measure.mjs http://127.0.0.1:7400 [--rounds 200] [--path /t/default/search?q=…]…
//
// Signs in with the key, asks for each page in turn, one request at a time over one connection, and prints a JSON object for
// each: first byte and whole answer (p50, p95, slowest) in milliseconds, bytes of the document as they come over the wire, and
// with everything that a first visit loads beside it. Needs Node.js alone. Ends with 1 if a page does not come.
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { parseArgs } from 'node:util';

/// Rounds whose times are not counted.
const WARM_UP = 5;
/// Files that one page may load: more is a fault of the page.
const ASSETS_MAX = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '200' }, path: { type: 'string', multiple: true, default: [] } },
});
const [base] = positionals;
const key = process.env.VERITRAIL_KEY;
const rounds = Number(values.rounds);
if (!base || !key || !Number.isInteger(rounds) || rounds < 1) {
  console.error('usage: VERITRAIL_KEY=… node measure.mjs URL [--rounds N] [--path PATH]…');
  process.exit(2);
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/// One request: what came, and when.
function ask(path, { method = 'GET', headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const request = http.request(new URL(path, base), { agent, method, headers: { 'accept-encoding': 'gzip', ...headers } }, (response) => {
      const chunks = [];
      let firstByte;
      response.on('data', (chunk) => {
        firstByte ??= performance.now() - begun;
        chunks.push(chunk);
      });
      response.on('end', () => {
        const raw = Buffer.concat(chunks);
        const full = performance.now() - begun;
        const text = response.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
        resolve({ status: response.statusCode, headers: response.headers, bytes: raw.length, text: text.toString(), firstByte: firstByte ?? full, full });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/// The cookie of a session that the key began, and where it leads.
async function signIn() {
  const body = new URLSearchParams({ key, to: '/' }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await ask('/sign-in', { method: 'POST', headers, body });
  if (answer.status !== 303) throw new Error(`signing in: ${answer.status}`);
  const cookie = answer.headers['set-cookie'].map((line) => line.split(';')[0]).join('; ');
  const home = await ask('/', { headers: { cookie } });
  return { cookie, home: home.headers.location };
}

/// Bytes of everything that the document loads, scripts with what they import.
async function assets(document, cookie) {
  const waiting = [...document.matchAll(/<(?:link|script|img)\b[^>]*?(?:href|src)="([^"]+)"/g)].map(([, path]) => path);
  const seen = new Set();
  let bytes = 0;
  while (waiting.length > 0 && seen.size < ASSETS_MAX) {
    const path = new URL(waiting.shift(), base).pathname;
    if (seen.has(path) || !path.startsWith('/assets/')) continue;
    seen.add(path);
    const answer = await ask(path, { headers: { cookie } });
    bytes += answer.bytes;
    if (!path.endsWith('.js')) continue;
    for (const [, name] of answer.text.matchAll(/(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)) waiting.push(new URL(name, new URL(path, base)).pathname);
  }
  return bytes;
}

const at = (sorted, share) => Number(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)].toFixed(2));
function spread(times) {
  const sorted = times.sort((one, other) => one - other);
  return { p50: at(sorted, 0.5), p95: at(sorted, 0.95), max: at(sorted, 1) };
}

async function measure(path, cookie) {
  const first = [];
  const full = [];
  let last;
  for (let round = -WARM_UP; round < rounds; round += 1) {
    last = await ask(path, { headers: { cookie } });
    if (last.status !== 200) throw new Error(`${path}: ${last.status}`);
    if (round < 0) continue;
    first.push(last.firstByte);
    full.push(last.full);
  }
  const loaded = await assets(last.text, cookie);
  return { path, rounds, first_byte_ms: spread(first), full_ms: spread(full), document_bytes: last.bytes, page_bytes: last.bytes + loaded };
}

const { cookie, home } = await signIn();
const paths = values.path.length > 0 ? values.path : [home, `${home}search`];
for (const path of paths) console.log(JSON.stringify(await measure(path, cookie)));
agent.destroy();
