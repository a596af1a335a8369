// The browser's files are typed through JSDoc: the compiler agrees, and so does Pyodide's own declaration of itself.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";

import { here, nodeModules, pyodideRuntime, temporaryFolder } from "./harness.mjs";

const web = path.join(here, "../../server/web");

/** @param {Record<string, string>} files @param {string[]} [more] */
async function compile(files, more = []) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await fs.writeFile(path.join(folder, name), text);
  }
  const configuration = {
    compilerOptions: {
      allowJs: true, checkJs: true, noEmit: true, strict: true, noUnusedLocals: true, noUnusedParameters: true,
      target: "es2022", lib: ["es2023", "dom", "dom.iterable"], module: "esnext", moduleResolution: "bundler",
      skipLibCheck: true, types: [], typeRoots: [path.join(nodeModules, "@types")],
      paths: {
        pyodide: [path.join(pyodideRuntime, "pyodide.d.ts")],
        loader: [path.join(web, "client/wheelbarrow.mjs")],
      },
    },
    files: [...Object.keys(files), ...more],
  };
  await fs.writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(configuration));
  const compiler = path.join(nodeModules, "typescript/lib/tsc.js");
  return spawnSync(process.execPath, [compiler, "--project", folder], { encoding: "utf8" });
}

test("the loader's and the pages' types hold", async () => {
  const files = ["client/wheelbarrow.mjs", "page.mjs", "compare/page.mjs", "compare/worker.mjs"].map((name) => path.join(web, name));
  const { status, stdout } = await compile({}, files);
  assert.equal(status, 0, stdout);
});

test("a typed program can use the loader, and is told of its mistakes", async () => {
  const program = (/** @type {string} */ call) => `
import type { PyodideAPI } from "pyodide";
import { install } from "loader";

export async function start(pyodide: PyodideAPI): Promise<string> {
  const { wheels } = await ${call};
  return wheels[0].version;
}
`;
  const right = 'install(pyodide, ["numpy"], { onProgress: ({ loaded, total }) => loaded / total })';
  const good = await compile({ "good.ts": program(right) });
  assert.equal(good.status, 0, good.stdout);
  const bad = await compile({ "bad.ts": program('install(pyodide, ["numpy"], { target: 3 })') });
  assert.match(bad.stdout, /Type 'number' is not assignable to type 'string'/);
});
