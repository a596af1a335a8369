// What an application's bundler makes of the loader.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { here, requireModule } from "./harness.mjs";

const client = path.join(here, "../../server/web/client");

/**
 * Builds a program that uses the loader.
 *
 * @param {string} program
 * @returns {Promise<Record<string, string>>} by file name, of what is loaded at once and of what is loaded when needed
 */
async function build(program) {
  const { outputFiles } = await requireModule("esbuild").build({
    stdin: { contents: program, resolveDir: client, sourcefile: "program.mjs" },
    bundle: true, minify: true, splitting: true, write: false, format: "esm", target: "es2022", outdir: "/", legalComments: "none",
  });
  return Object.fromEntries(outputFiles.map((/** @type {any} */ { path: file, text }) => [path.basename(file), text]));
}

/** @param {string} text */
function packed(text) {
  return gzipSync(text, { level: 9 }).length;
}

test("what every installation loads takes at most 6 KB, minified and gzipped", async () => {
  const files = await build('export * from "./wheelbarrow.mjs";');
  // The program, and what it can't begin without.
  const first = new Set(["stdin.js"]);
  for (const name of first) {
    [...files[name].matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].forEach(([, imported]) => first.add(imported));
  }
  const size = [...first].reduce((sum, name) => sum + packed(files[name]), 0);
  const later = Object.keys(files).filter((name) => !first.has(name));
  console.log(`at once: ${size} bytes; when needed: ${later.map((name) => `${name} ${packed(files[name])}`).join(", ")}`);
  assert.deepEqual(
    later.map((name) => name.replace(/-.*/, "")).sort(),
    ["bundle_list", "data_files", "extension_modules", "gzip_file", "pax", "replace", "sha256"],
  );
  assert.ok(size <= 6144, `${size} bytes`);
});

test("an import that isn't used leaves nothing", async () => {
  const files = await build('import { install, prefetch, WheelbarrowError } from "./wheelbarrow.mjs";');
  assert.equal(files["stdin.js"], "");
});

test("what isn't used is left out", async () => {
  const { "stdin.js": one } = await build('import { prefetch } from "./wheelbarrow.mjs"; prefetch("numpy");');
  const { "stdin.js": both } = await build('import { install, prefetch } from "./wheelbarrow.mjs"; install(self, prefetch("numpy"));');
  assert.ok(one.length < 0.7 * both.length, `${one.length} of ${both.length} characters for prefetch alone`);
  assert.doesNotMatch(one, /createPreloadedFile/);
});

test("a browser learns from the first module what the others import", async () => {
  const importsOf = async (/** @type {string} */ name) =>
    [...(await fs.readFile(path.join(client, name), "utf8")).matchAll(/^import [^;(]*"\.\/([^"]+)"/gm)].map(([, other]) => other);
  const first = await importsOf("wheelbarrow.mjs");
  for (const name of first) {
    for (const other of await importsOf(name)) {
      assert.ok(first.includes(other), `${name} imports ${other}`);
    }
  }
});
