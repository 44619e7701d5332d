// `oidc-provider-mock` (PyPI) as the identity provider. It is a whole provider but for two things, which the proxy before
// it sees instead: it never asks for PKCE, and it takes any client's secret.
import { createHash } from 'node:crypto';
import { start } from './child.mjs';
import { proxy } from './proxy.mjs';

const PROGRAM = process.env.VERITRAIL_OIDC_MOCK ?? 'oidc-provider-mock';

/// Starts a provider that knows `users`: objects of claims with `sub`.
export async function identityProvider(users) {
  const front = await proxy();
  const args = ['--port', '0', '--require-nonce', '1', ...users.flatMap((claims) => ['--user-claims', JSON.stringify(claims)])];
  const child = await start(PROGRAM, args, {
    ready: /running on (http:\/\/127\.0\.0\.1:\d+)/,
    env: { ...process.env, NO_COLOR: '1', PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore' },
  }).catch(async (error) => {
    await front.stop();
    throw error;
  });
  // The issuer is the Host that it was asked by: the proxy's.
  front.to(child.match[1]);
  return {
    issuer: front.url,
    asked: front.asked,
    /// Changes somebody's claims: `sub` stays.
    async become(sub, claims) {
      const response = await fetch(`${front.url}/users/${encodeURIComponent(sub)}`, {
        method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(claims),
      });
      if (!response.ok) throw new Error(`the provider answered ${response.status}`);
    },
    /// What came in the query of each request for authorization.
    authorizations: () => front.asked
      .filter(({ method, url }) => method === 'GET' && url.startsWith('/oauth2/authorize'))
      .map(({ url }) => Object.fromEntries(new URL(url, front.url).searchParams)),
    offline: front.offline,
    async stop() {
      await front.stop();
      await child.stop();
    },
  };
}

/// On the provider's own page, the button that signs in as `sub`.
export async function personAtProvider(page, sub) {
  await page.waitForURL(/\/oauth2\/authorize/);
  return page.locator(`button[name="sub"][value="${sub}"]`);
}

/// What PKCE's S256 makes of a verifier.
export const challenge = (verifier) => createHash('sha256').update(verifier).digest('base64url');
