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
    /// What makes the page wider than its window; null if nothing does.
    isTooWide: () => page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.scrollingElement;
      if (scrollWidth <= clientWidth) return null;
      const scrolls = (node) => /auto|scroll|hidden|clip/.test(getComputedStyle(node).overflowX);
      // What is placed absolutely escapes boxes that are not its frame of reference.
      const above = (node) => (getComputedStyle(node).position === 'absolute' ? node.offsetParent : node.parentElement);
      const isHeld = (node) => node && node !== document.body && node !== document.documentElement && (scrolls(node) || isHeld(above(node)));
      const wide = [...document.body.querySelectorAll('*')].filter((node) => {
        const { left, right, width } = node.getBoundingClientRect();
        // A block may fit while its text does not.
        const reach = scrolls(node) ? right : Math.max(right, left + node.scrollWidth);
        return width > 0 && reach + scrollX > clientWidth + 0.5 && !isHeld(above(node));
      });
      const named = wide.filter((node) => !wide.some((other) => other !== node && node.contains(other)));
      const name = (node) => `${node.parentElement.localName}.${node.parentElement.className} > ${node.cloneNode(false).outerHTML.slice(0, 120)}`;
      return `${scrollWidth} of ${clientWidth} px: ${named.slice(0, 3).map(name).join(', ')}`;
    }),
    /// Words of buttons and of heads of columns that are broken over two lines.
    broken: () => page.evaluate(() => {
      const found = [];
      for (const node of document.querySelectorAll('button, a.button, thead th')) {
        const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
          for (const { 0: word, index } of texts.currentNode.data.matchAll(/\S+/g)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, index);
            range.setEnd(texts.currentNode, index + word.length);
            const lines = new Set([...range.getClientRects()].map((rect) => Math.round(rect.top)));
            if (lines.size > 1) found.push(word);
          }
        }
      }
      return found;
    }),
    /// Texts that lie over each other, side by side in a grid, a line or a row: two of each place.
    overlapping: () => page.evaluate(() => {
      const SLACK = 2;
      // What is for screen readers alone is a pixel in size.
      const isSeen = (node) => {
        for (let above = node; above; above = above.parentElement) {
          if (getComputedStyle(above).overflowX === 'hidden' && above.clientWidth <= 2) return false;
        }
        return true;
      };
      const box = (node) => {
        const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        const all = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
        while (texts.nextNode()) {
          const text = texts.currentNode;
          if (!text.data.trim() || !text.parentElement.checkVisibility() || !isSeen(text.parentElement)) continue;
          const range = document.createRange();
          range.selectNodeContents(text);
          for (const rect of range.getClientRects()) {
            all.left = Math.min(all.left, rect.left);
            all.top = Math.min(all.top, rect.top);
            all.right = Math.max(all.right, rect.right);
            all.bottom = Math.max(all.bottom, rect.bottom);
          }
        }
        return all;
      };
      const shown = (node) => node.checkVisibility?.() !== false && node.innerText?.trim() && !['absolute', 'fixed', 'sticky'].includes(getComputedStyle(node).position);
      const found = [];
      for (const parent of document.querySelectorAll('main *, header, header *')) {
        const isLaidOut = /grid|flex/.test(getComputedStyle(parent).display) || parent.localName === 'tr';
        if (!isLaidOut || found.length >= 5) continue;
        const children = [...parent.children].filter(shown).slice(0, 60);
        const boxes = children.map(box);
        for (let one = 0; one < boxes.length; one += 1) {
          for (let other = one + 1; other < boxes.length; other += 1) {
            const [a, b] = [boxes[one], boxes[other]];
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > SLACK && down > SLACK) found.push(`${JSON.stringify(children[one].innerText.slice(0, 40))} lies over ${JSON.stringify(children[other].innerText.slice(0, 40))} in ${parent.localName}.${parent.className}`);
          }
        }
      }
      return found.slice(0, 5);
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
