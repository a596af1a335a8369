// The harness of the comparison does what it is for: one round over a shaped link, figures, tables, the picture.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { sampleWheels, temporaryFolder } from "./harness.mjs";

const bench = fileURLToPath(new URL("../bench", import.meta.url));
const notPermitted = 77;

/** @param {string[]} words */
async function run(words) {
  const child = spawn(process.execPath, words, {
    env: { ...process.env, WHEELBARROW_COMPARE_WHEELS: sampleWheels }, stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, said };
}

test("one round of two ways", { timeout: 600_000 }, async (t) => {
  const out = path.join(await temporaryFolder(), "compare.json");
  const { code, said } = await run([
    path.join(bench, "compare.mjs"), "--sets", "tiny", "--profiles", "50mbit", "--modes", "nginx,loader", "--rounds", "1", "--out", out,
  ]);
  if (code === notPermitted) {
    t.skip(said.trim());
    return;
  }
  assert.equal(code, 0, said);
  const { cells, machine } = JSON.parse(await fs.readFile(out, "utf8"));
  assert.deepEqual(cells.map((/** @type {any} */ cell) => [cell.mode, cell.error, cell.runs.length]), [["nginx", "", 1], ["loader", "", 1]], said);
  assert.match(machine.congestionControl, /^(cubic|reno)$/);
  const [wheels, bundle] = cells.map((/** @type {any} */ { runs }) => runs[0]);
  for (const { times, bytes, wire } of [wheels, bundle]) {
    assert.ok(0 < times.runtimeReady && times.runtimeReady < times.installed && times.installed < times.imported, JSON.stringify(times));
    // The runtime is cached: what is asked again is answered in a few hundred bytes. And it all passed over the link.
    assert.ok(bytes.runtime < 100_000, `${bytes.runtime} bytes of runtime`);
    assert.ok(wire > bytes.packages, `${wire} bytes over the link, ${bytes.packages} of packages`);
  }
  assert.ok(wheels.requests >= 40 && bundle.requests < 20, `${wheels.requests} and ${bundle.requests} requests`);
  assert.ok(bundle.bytes.packages < wheels.bytes.packages, `${bundle.bytes.packages} of ${wheels.bytes.packages} bytes`);

  const tables = await fs.readFile(out.replace(".json", ".md"), "utf8");
  assert.match(tables, /### 50 Mbit\/s.*HTTP\/2, first visit, runtime cached\n/);
  assert.match(tables, /\| 40 tiny wheels \| e: bundle, loader \| 1 \| \d+\.\d\d \(/);
  assert.match(tables, /\| tiny: bytes of the bundle against the wheels from nginx \| at most 0.62 \| 0\.\d\d \|/);

  // A picture needs both sides; the wheels' here came from another server.
  cells[0].mode = "wheels";
  await fs.writeFile(out, JSON.stringify({ ...JSON.parse(await fs.readFile(out, "utf8")), cells }));
  const drawn = await run([path.join(bench, "compare/picture.mjs"), out, `${out}.svg`]);
  assert.equal(drawn.code, 0, drawn.said);
  const picture = await fs.readFile(`${out}.svg`, "utf8");
  assert.match(picture, /^<svg /);
  assert.match(picture, /class="ours"/);
  assert.match(picture, new RegExp(`>${(bundle.times.imported / 1000).toFixed(1)} s<`));
});
