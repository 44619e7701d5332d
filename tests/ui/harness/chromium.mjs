// Debian's Chromium, which can reach this machine and nothing else.
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // Whatever a page should ask of another host finds no host.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/// Starts a browser; `VERITRAIL_CHROMIUM` names another one.
export function browser() {
  return chromium.launch({ executablePath: process.env.VERITRAIL_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/// What every context of the tests has: one language, one zone that is not UTC, and a moment without animations.
export const CONTEXT = { locale: 'en-GB', timezoneId: 'Europe/Athens', reducedMotion: 'reduce' };
export const WIDTHS = [1440, 380];
export const THEMES = ['light', 'dark'];
export const heightOf = (width) => (width < 600 ? 800 : 1000);
