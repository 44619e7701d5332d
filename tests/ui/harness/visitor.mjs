// One person at one browser: visits pages, and every visit is held to what `watch.mjs` promises.
import assert from 'node:assert/strict';
import { watch, WEIGHT_BYTES_MAX } from './watch.mjs';

/// Most presses of Tab until somebody gives up looking for something.
const TABS_MAX = 400;

/// Gives `page` to a visitor of the product at `origin`, who may be sent to `others`, too.
export async function visitor(page, origin, others = []) {
  const watched = await watch(page, origin, others);
  return {
    page,
    watched,
    /// Goes to `path` and fails on a status that is not one of these, on any fault, and on a page that is too heavy.
    async visit(path, { status = [200] } = {}) {
      const url = new URL(path, origin).href;
      if (status.some((expected) => expected >= 400)) watched.expect(url);
      const response = await page.goto(url, { waitUntil: 'load' });
      if (!status.includes(response.status())) {
        watched.forget();
        assert.fail(`${path}: ${response.status()}`);
      }
      await this.settle();
      this.check(path);
      return response;
    },
    /// Signs in with an API key, as the page asks for it, and ends at `to`.
    async signIn(key, to = '/') {
      await this.visit(`/sign-in?to=${encodeURIComponent(to)}`);
      await page.getByLabel('API key').fill(key);
      await page.getByRole('button', { name: 'Sign in with the key' }).click();
      await page.waitForURL((url) => url.pathname !== '/sign-in');
      await page.waitForLoadState('load');
      await this.settle();
      this.check('signing in');
    },
    /// What the browser had to say of what it did so far has been heard after this.
    async settle() {
      for (let turn = 0; turn < 2; turn += 1) await page.evaluate('0');
    },
    /// Fails if anything was wrong since the last check: for after clicks and keys.
    check(what = page.url()) {
      watched.check(what);
      const weight = watched.weight();
      assert.ok(weight <= WEIGHT_BYTES_MAX, `${what}: ${weight} bytes are more than ${WEIGHT_BYTES_MAX}`);
    },
    /// Presses Tab until `locator` has the focus, as somebody without a mouse does. It has to be seen then.
    async tabTo(locator) {
      for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
        if (await hasFocus(locator)) {
          assert.ok(await showsFocus(page), `the focus can't be seen on ${await locator.first().evaluate((node) => node.outerHTML.slice(0, 200))}`);
          return tabs;
        }
        await page.keyboard.press('Tab');
      }
      return assert.fail(`${locator} can't be reached by Tab on ${page.url()}`);
    },
    /// Reaches `locator` by Tab and presses `key`.
    async press(locator, key = 'Enter') {
      await this.tabTo(locator);
      await page.keyboard.press(key);
    },
    /// Whether the page is wider than its window.
    isTooWide: () => page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.scrollingElement;
      return scrollWidth > clientWidth ? `${scrollWidth} of ${clientWidth} px` : null;
    }),
    close: () => page.context().close(),
  };
}

async function hasFocus(locator) {
  const found = await locator.evaluateAll((nodes) => nodes.includes(document.activeElement));
  return found;
}

/// Something is drawn around or changes on what has the focus: an outline or a shadow, on it or on what holds it closely.
function showsFocus(page) {
  return page.evaluate(() => {
    for (let node = document.activeElement, up = 0; node && up < 3; node = node.parentElement, up += 1) {
      const style = getComputedStyle(node);
      if ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none') return true;
    }
    return false;
  });
}
