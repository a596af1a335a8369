// What strip= leaves is enough: in a real Pyodide every module imports, or fails, as it does with everything there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, startServer } from "./harness.mjs";
import { importing } from "./import_all.mjs";

const requirements = ["numpy", "lxml", "fonttools", "python-docx", "opencv-python", "pymupdf4llm"];

/** @type {any} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

/** @param {string} strip */
async function importAll(strip) {
  const url = new URL("bundle", server.plainURL);
  requirements.forEach((requirement) => url.searchParams.append("r", requirement));
  url.searchParams.append("strip", strip);
  const response = await fetch(url);
  assert.equal(response.status, 200);
  const body = await response.arrayBuffer();
  const pyodide = await bootPyodide();
  const extractDir = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
  pyodide.unpackArchive(body, "tar", { extractDir });
  const manifest = JSON.parse(pyodide.FS.readFile(`${extractDir}/wheelbarrow.json`, { encoding: "utf8" }));
  const imports = manifest.wheels.flatMap((/** @type {any} */ wheel) => wheel.imports);
  return { manifest, size: body.byteLength, outcomes: JSON.parse(pyodide.runPython(importing(imports))) };
}

test("every module that is left imports as before", async () => {
  const whole = await importAll("");
  const stripped = await importAll("tests,pyi,headers,docs");
  assert.ok(stripped.size < whole.size);
  assert.equal(stripped.outcomes.top.numpy, "imported");
  assert.deepEqual(stripped.outcomes.top, whole.outcomes.top);
  assert.ok(Object.values(whole.outcomes.all).filter((outcome) => outcome === "imported").length > 500);
  for (const [name, outcome] of Object.entries(stripped.outcomes.all)) {
    assert.equal(outcome, whole.outcomes.all[name], name);
  }
});
