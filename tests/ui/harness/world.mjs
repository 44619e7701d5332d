// Everything a suite needs, started together and ended together: server, proxy, identity provider, browser.
import { CONTEXT, browser, heightOf } from './chromium.mjs';
import { proxy } from './proxy.mjs';
import { serve } from './server.mjs';
import { visitor } from './visitor.mjs';

/// How long a page may take to do what it was asked to.
const PATIENCE_MS = 10_000;

/// Starts a world. `idp` is an identity provider that is running, or none; the world ends it.
export async function world({ idp, settings = () => ({}) } = {}) {
  const front = await proxy();
  const server = await serve(settings(front.url, idp));
  front.to(server.url);
  const chromium = await browser();
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
    async stop() {
      await chromium.close();
      await front.stop();
      await idp?.stop();
      await server.stop();
    },
  };
}
