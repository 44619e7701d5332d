/**
 * The page's modules, loaded into Node.
 *
 * Browsers take a `.js` that a module imports for a module; Node 18 does so only beside a package.json that says so. The files
 * are copied beside one, so that nothing of Node's has to stand among the assets.
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const assets = fileURLToPath(new URL("../../../crates/server/assets/", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "veritrail-modules-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
cpSync(assets, directory, { recursive: true });
writeFileSync(join(directory, "package.json"), '{"type":"module"}');

/** The module of that name. */
export const load = (name) => import(pathToFileURL(join(directory, name)).href);
