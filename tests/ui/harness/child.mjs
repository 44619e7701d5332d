// A program started by a test: its output is kept, its end is waited for, and it never outlives the test.
import { spawn } from 'node:child_process';

/// How long a program may take to say that it is ready, and to end after it was asked to.
const READY_MS_MAX = 60_000;
const END_MS_MAX = 15_000;
/// How much of its output is kept.
const OUTPUT_BYTES_MAX = 1_000_000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/// Starts `command` and waits until its output matches `ready`; answers with what matched.
export async function start(command, args, { ready, ...options }) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  running.add(child);
  let output = '';
  const ended = new Promise((resolve) => child.once('close', resolve)).then((code) => {
    running.delete(child);
    return code;
  });
  const match = await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${command} ${why}\n${output}`));
    const late = setTimeout(() => fail('did not get ready in time'), READY_MS_MAX);
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`ended with ${code}`));
    const take = (chunk) => {
      if (output.length < OUTPUT_BYTES_MAX) output += chunk;
      const found = ready.exec(output);
      if (found) {
        clearTimeout(late);
        resolve(found);
      }
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    match,
    output: () => output,
    /// Asks it to end and answers with its exit code; null if it had to be killed.
    async stop() {
      const late = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
      child.kill('SIGTERM');
      const code = await ended;
      clearTimeout(late);
      return code;
    },
  };
}
