// The loader in Node, as the server hands it out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, fetchLoader, startServer } from "./harness.mjs";
import { check, program, requirements } from "./real_work.mjs";

/** @type {any} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

test("one bundle brings numpy, lxml, python-docx and opencv into Node", async () => {
  const { install } = await fetchLoader(server.plainURL);
  const pyodide = await bootPyodide();
  /** @type {any[]} */
  const progress = [];
  const onProgress = (/** @type {any} */ p) => progress.push(p);
  const installation = await install(pyodide, requirements, { baseURL: server.plainURL, onProgress });
  const result = JSON.parse(pyodide.runPython(program));
  check({ installation, progress, result, loaded: { ...pyodide.loadedPackages } });

  // Pyodide's own loader and a second install see what is there.
  /** @type {string[]} */
  const messages = [];
  await pyodide.loadPackage("numpy", { messageCallback: (/** @type {string} */ text) => messages.push(text) });
  assert.match(messages.join("\n"), /numpy already loaded/);
  const again = await install(pyodide, ["numpy", "fonttools"], { baseURL: server.plainURL });
  assert.deepEqual(
    again.wheels.map((/** @type {any} */ { name, already }) => [name, already]),
    [["fonttools", false], ["numpy", true]],
  );
  const manual = JSON.parse(pyodide.runPython("import os, json; json.dumps(os.path.exists('/share/man/man1/ttx.1'))"));
  assert.ok(manual, "data files of a wheel go to sys.prefix");
});

test("another version that was there is replaced whole", async () => {
  const { install } = await fetchLoader(server.plainURL);
  const pyodide = await bootPyodide();
  pyodide.runPython(`
import pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
info = site / "lxml-1.0.dist-info"
info.mkdir(); (site / "lxml").mkdir(); (site / "lxml" / "leftover.py").write_text("old = True")
(info / "METADATA").write_text("Metadata-Version: 2.1\\nName: lxml\\nVersion: 1.0\\n")
(info / "RECORD").write_text("lxml/leftover.py,,\\nlxml-1.0.dist-info/METADATA,,\\nlxml-1.0.dist-info/RECORD,,\\n")
`);
  const { wheels } = await install(pyodide, "lxml", { baseURL: server.plainURL });
  assert.equal(wheels.find((/** @type {any} */ wheel) => wheel.name === "lxml").replaced, "1.0");
  assert.deepEqual(
    JSON.parse(pyodide.runPython(`
import importlib.metadata, importlib.util, json
json.dumps([importlib.metadata.version("lxml"), importlib.util.find_spec("lxml.leftover") is None])`)),
    ["5.4.0", true],
  );
});
