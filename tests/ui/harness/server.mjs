// The real binary with its demo, on a port and in directories of its own.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { api } from './api.mjs';
import { start } from './child.mjs';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = process.env.VERITRAIL_BIN ?? path.join(ROOT, 'target/release/veritrail');

/// Starts `serve --demo`. `settings(home)` answers with arguments that come on top; the environment's own settings do not.
export async function serve(settings = () => []) {
  const home = await mkdtemp(path.join(tmpdir(), 'veritrail-ui-'));
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VERITRAIL_')));
  const places = ['--data', path.join(home, 'data'), '--keys', path.join(home, 'keys')];
  const child = await start(PROGRAM, ['serve', '--demo', '--listen', '127.0.0.1:0', ...places, ...(await settings(home))], {
    // The second line comes after the demo is stored.
    ready: /listens on (http:\/\/[\d.:]+)[^]*Tenant default/,
    cwd: home,
    env: { ...kept, XDG_STATE_HOME: home },
  }).catch(async (error) => {
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  const url = child.match[1];
  const key = async (name) => (await readFile(path.join(home, 'keys', name), 'utf8')).trim();
  const operatorKey = await key('operator.key');
  const demoKey = await key('demo.key');
  return {
    url,
    home,
    output: child.output,
    operatorKey,
    demoKey,
    operator: api(url, operatorKey),
    demo: api(url, demoKey),
    /// Ends it. A test fails if the server failed inside.
    async stop() {
      const code = await child.stop();
      await rm(home, { recursive: true, force: true });
      const failures = child.output().split('\n').filter((line) => /"level":"ERROR"| ERROR |panicked/.test(line));
      assert.ok(failures.length === 0, `the server failed inside\n${failures.join('\n')}`);
      assert.equal(code, 0, `the server ended with ${code}`);
    },
  };
}
