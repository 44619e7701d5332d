// Everything a suite needs, started together and ended together: server, proxy, identity provider, browser.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CONTEXT, browser, heightOf } from './chromium.mjs';
import { proxy } from './proxy.mjs';
import { serve } from './server.mjs';
import { visitor } from './visitor.mjs';

/// How long a page may take to do what it was asked to.
const PATIENCE_MS = 10_000;

/// Starts a world. `idp` is an identity provider that is running, or none; the world ends it. `roles` are rules as
/// `--oidc-roles` takes them.
export async function world({ idp, roles = [] } = {}) {
  const begun = [];
  const stop = async () => {
    while (begun.length > 0) await begun.pop()();
  };
  try {
    return await begin(begun, stop, { idp, roles });
  } catch (error) {
    // What is left running would keep the test from ending.
    await stop();
    throw error;
  }
}

async function begin(begun, stop, { idp, roles }) {
  if (idp) begun.push(() => idp.stop());
  const front = await proxy();
  const server = await serve((home) => (idp ? peopleOf(idp, front.url, roles, home) : [])).catch(async (error) => {
    await front.stop();
    throw error;
  });
  begun.push(() => server.stop(), () => front.stop());
  front.to(server.url);
  const chromium = await browser();
  begun.push(() => chromium.close());
  const others = idp ? [idp.issuer] : [];
  return {
    url: front.url,
    front,
    server,
    idp,
    /// A new person at a new browser: a page without cookies.
    async person({ width = 1440, theme = 'light', ...options } = {}) {
      const viewport = { width, height: heightOf(width) };
      const context = await chromium.newContext({ ...CONTEXT, baseURL: front.url, viewport, colorScheme: theme, ...options });
      context.setDefaultTimeout(PATIENCE_MS);
      return visitor(await context.newPage(), front.url, others);
    },
    /// Ends everything, in the other order; a server that failed inside fails the suite.
    stop,
  };
}

/// The settings by which people of a provider sign in.
async function peopleOf(idp, url, roles, home) {
  const secret = path.join(home, 'client-secret');
  await writeFile(secret, 'a secret of the tests', { mode: 0o600 });
  return [
    '--ui-url', url, '--oidc-issuer', idp.issuer, '--oidc-name', 'Example ID', '--oidc-client-id', 'veritrail',
    '--oidc-client-secret-file', secret, ...roles.flatMap((rule) => ['--oidc-roles', rule]),
  ];
}
