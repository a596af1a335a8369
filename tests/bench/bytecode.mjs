// See bytecode.sh. The rounds alternate between the modes, and medians are printed, because the machine has other work.
// Time until ready on a link of so many Mbit/s is computed: the coded bytes at that rate, then the measured
// installation from memory, then the measured imports. It leaves out the round trips, which are the same for all, and
// what the loader does while bytes still arrive.
import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { fetchLoader, bootPyodide, launchBrowser, openApp, startServer } from "../browser/harness.mjs";

const modes = ["off", "beside", "instead"];
const requirements = ["numpy", "lxml", "python-docx", "fonttools"];
const program = "import numpy, lxml.etree, docx, fontTools.ttLib, fontTools.subset";
const links = [5, 20, 100];
const rounds = Number(process.argv[2] ?? 5);
const coldOf = "fonttools";

/** @param {string} bytecode */
function query(bytecode, names = requirements) {
  const query = new URLSearchParams(names.map((name) => ["r", name]));
  query.append("target", "pyodide-0.29");
  query.append("bytecode", bytecode);
  return query;
}

/** Installs, then imports; seconds of both. */
async function measure(/** @type {any} */ pyodide, /** @type {any} */ install, /** @type {any} */ options) {
  const { requirements, program, ...rest } = options;
  // The second time the bytes come out of the server's memory and, in a browser, out of its cache.
  const begin = performance.now();
  await install(pyodide, requirements, rest);
  const installed = performance.now();
  pyodide.runPython(program);
  return { install: (installed - begin) / 1000, imports: (performance.now() - installed) / 1000 };
}

/** The output of a program; meanwhile connections to the server stay alive. */
async function output(/** @type {string} */ command, /** @type {string[]} */ words, /** @type {Buffer} */ input) {
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(input);
  return buffer(child.stdout);
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

if (process.argv[2] === "--one") {
  // A round in a process of its own: an import of numpy can't be undone.
  const [, , , baseURL, bytecode] = process.argv;
  const { install } = await fetchLoader(baseURL);
  const seconds = await measure(await bootPyodide(), install, { requirements, program, baseURL, bytecode });
  console.log(JSON.stringify(seconds));
  process.exit(0);
}

const server = await startServer();
const browser = await launchBrowser(server);

/** @type {Record<string, any>} */
const table = {};
for (const mode of modes) {
  const begin = performance.now();
  const cold = await fetch(new URL(`bundle?${query(mode, [coldOf])}`, server.plainURL));
  await cold.arrayBuffer();
  table[mode] = { cold: (performance.now() - begin) / 1000, node: [], page: [] };
  const answer = await fetch(new URL(`bundle?${query(mode)}`, server.plainURL));
  const body = Buffer.from(await answer.arrayBuffer());
  if (answer.status !== 200) {
    throw new Error(String(body));
  }
  // What the background ends up with: a zstd -19 frame per wheel, whose window is 8 MiB.
  const manifest = JSON.parse(String(body.subarray(512, body.indexOf("\n", 512))));
  table[mode].identity = body.length;
  table[mode].coded = 0;
  for (const { offset, size } of manifest.wheels) {
    const layer = body.subarray(offset, offset + size);
    table[mode].coded += (await output("zstd", ["-19", "--long=23", "-c", "-q"], layer)).length;
  }
}
for (let round = 0; round < rounds; ++round) {
  for (const mode of modes) {
    const self = fileURLToPath(import.meta.url);
    const out = await output(process.execPath, [self, "--one", server.plainURL, mode], Buffer.alloc(0));
    table[mode].node.push(JSON.parse(String(String(out).trim().split("\n").at(-1))));
    const { page } = await openApp(browser, server.url);
    table[mode].page.push(
      await page.evaluate(
        async (/** @type {any} */ { measure, base, options }) => {
          const { loadPyodide } = await import(`${base}pyodide/pyodide.mjs`);
          const { install } = await import(`${base}client/wheelbarrow.mjs`);
          return new Function(`return ${measure}`)()(await loadPyodide(), install, options);
        },
        { measure: String(measure), base: server.url, options: { requirements, program, bytecode: mode } },
      ),
    );
    await page.close();
  }
}

console.log(`${requirements.join(", ")}; ${rounds} rounds; then "${program}"\n`);
console.log(`| | ${modes.join(" | ")} |\n| --- ${modes.map(() => "| ---").join(" ")} |`);
/** @param {string} name @param {(row: any) => string} cell */
const row = (name, cell) => console.log(`| ${name} | ${modes.map((mode) => cell(table[mode])).join(" | ")} |`);
row("MB of tar", ({ identity }) => (identity / 1e6).toFixed(2));
row("MB, zstd -19 a wheel", ({ coded }) => (coded / 1e6).toFixed(2));
for (const place of ["node", "page"]) {
  const name = place === "node" ? "Node" : "Chromium";
  for (const step of ["install", "imports"]) {
    row(`${name}: ${step}, s`, (/** @type {any} */ of) => median(of[place].map((/** @type {any} */ r) => r[step])).toFixed(2));
  }
}
for (const link of links) {
  row(`ready in Chromium at ${link} Mbit/s, s (computed)`, ({ coded, page }) =>
    ((coded * 8) / 1e6 / link + median(page.map((/** @type {any} */ r) => r.install + r.imports))).toFixed(1));
}
row(`first bundle of ${coldOf}, nothing ready, s`, ({ cold }) => cold.toFixed(1));
await browser.close();
await server.stop();
