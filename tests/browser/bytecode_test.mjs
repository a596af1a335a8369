// What bytecode= ships is what a real Pyodide imports.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, fetchLoader, startServer } from "./harness.mjs";

const program = `
import json, sys
import numpy, docx, fontTools.ttLib
from lxml import etree

def failing():
    return numpy.reshape(numpy.zeros(4), (3, 3))

try:
    failing()
except ValueError as error:
    frame = error.__traceback__
    while frame.tb_next:
        frame = frame.tb_next
    where = frame.tb_frame.f_code.co_filename
import inspect
try:
    source = inspect.getsource(docx.Document).splitlines()[0]
except OSError:
    source = None
json.dumps({
    "sum": int(numpy.arange(10).sum()),
    "xpath": etree.fromstring("<a><b/></a>").xpath("count(//b)"),
    "file": docx.__file__,
    "cached": docx.__cached__,
    "where": where,
    "source": source,
    "compiled": sorted({type(m.__spec__.loader).__name__ for n, m in sys.modules.items() if n.startswith("docx")}),
})
`;

/** @type {any} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

/** @param {any} options */
async function use(options) {
  const { install } = await fetchLoader(server.plainURL);
  const pyodide = await bootPyodide();
  const requirements = ["numpy", "lxml", "python-docx", "fonttools"];
  await install(pyodide, requirements, { baseURL: server.plainURL, ...options });
  return JSON.parse(pyodide.runPython(program));
}

const site = "/lib/python3.13/site-packages";

for (const bytecode of ["off", "beside", "instead"]) {
  test(`bytecode=${bytecode}`, async () => {
    const seen = await use({ bytecode });
    const without = bytecode === "instead";
    assert.deepEqual(seen, {
      sum: 45,
      xpath: 1,
      file: `${site}/docx/__init__.py${without ? "c" : ""}`,
      cached: without ? `${site}/docx/__init__.pyc` : `${site}/docx/__pycache__/__init__.cpython-313.pyc`,
      // As if it had been compiled there.
      where: `${site}/numpy/_core/fromnumeric.py`,
      source: without ? null : "def Document(docx: str | IO[bytes] | None = None) -> DocumentObject:",
      compiled: [without ? "SourcelessFileLoader" : "SourceFileLoader"],
    });
  });
}

test("the sources beside aren't read", async () => {
  const { install } = await fetchLoader(server.plainURL);
  const pyodide = await bootPyodide();
  await install(pyodide, "python-docx", { baseURL: server.plainURL, bytecode: "beside" });
  pyodide.FS.writeFile(`${site}/docx/__init__.py`, "raise SystemExit('source was read')");
  assert.equal(pyodide.runPython("import docx; docx.__version__"), "1.2.0");
});
