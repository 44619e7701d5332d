/**
 * The real server in a directory of its own, asked as scripts and browsers ask it. `VERITRAIL_BIN` names the binary.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const binary = process.env.VERITRAIL_BIN ?? "";

/** Starts it; `stop` ends it and takes its directory away. */
export async function start() {
  const directory = mkdtempSync(join(tmpdir(), "veritrail-served-"));
  const options = ["serve", "--print-key", "--listen", "127.0.0.1:0", "--checkpoint-interval-ms", "10"];
  const child = spawn(binary, options, { cwd: directory, env: {}, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let url;
  let key;
  for await (const line of createInterface({ input: child.stdout })) {
    url ??= /http:\/\/[0-9.:]+/.exec(line)?.[0];
    key ??= /^vtk_\S+/.exec(line)?.[0];
    if (url && key) break;
  }
  // What it prints later has to go somewhere.
  child.stdout.resume();
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  if (!url || !key) {
    await stop();
    throw new Error("the server did not say where it listens and with which key");
  }
  return { url, key, stop };
}

/** Asks with the key; throws unless the answer is one. */
export async function ask({ url, key }, path, options = {}) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", ...options.headers };
  const answer = await fetch(url + path, { ...options, headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** Stores events. */
export async function emit(server, events) {
  const answer = await (await ask(server, "/v1/events", { method: "POST", body: JSON.stringify(events) })).json();
  if (answer.stored !== events.length) throw new Error(`stored ${answer.stored} of ${events.length}`);
}

/** Signs a browser in: the cookie of its session. */
export async function signIn({ url, key }) {
  const answer = await fetch(`${url}/sign-in`, { method: "POST", body: new URLSearchParams({ key }), redirect: "manual" });
  const cookie = /veritrail_session=[^;]+/.exec(answer.headers.get("set-cookie") ?? "");
  if (!cookie) throw new Error(`no session began: ${answer.status}`);
  return cookie[0];
}
