// The proof box on the page of an event, as somebody sees it.

/// Where it is, and what it says once it is done.
export function proofBox(page) {
  const box = page.locator('#proof');
  return {
    button: box.getByRole('button', { name: /Verify/ }),
    /// Waits for a verdict: `good`, `bad` or `warn`, the whole of its words, and the colour of its edge.
    async verdict() {
      await page.locator('#proof[data-done="yes"]').waitFor();
      return box.evaluate((node) => ({
        look: ['good', 'bad', 'warn'].find((name) => node.classList.contains(name)) ?? 'none',
        text: node.innerText,
        edge: getComputedStyle(node).borderTopColor.match(/\d+/g).slice(0, 3).map(Number),
      }));
    },
  };
}

/// Whether a colour is rather red.
export const isRed = ([red, green, blue]) => red > 120 && red > 1.5 * green && red > 1.5 * blue;
