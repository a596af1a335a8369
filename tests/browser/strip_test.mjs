// What strip= leaves is enough: in a real Pyodide every module imports, or fails, as it does with everything there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bootPyodide, startServer } from "./harness.mjs";

const requirements = ["numpy", "lxml", "fonttools", "python-docx", "opencv-python", "pymupdf4llm"];

// Each module in a Python of its own would take hours; a module's own imports are what is looked at here.
const program = `
import importlib, json, pathlib, sys, sysconfig, warnings
warnings.simplefilter("ignore")
site = pathlib.Path(sysconfig.get_path("purelib"))

def outcome(name):
    try:
        importlib.import_module(name)
        return "imported"
    except BaseException as error:
        return type(error).__name__ + " " + str(error)

def modules():
    for path in sorted(site.rglob("*.py")):
        parts = path.relative_to(site).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        # __main__ runs programs; cv2's parts want to be loaded by cv2 itself.
        if "__main__" in parts or parts[0] == "cv2" or not all(map(str.isidentifier, parts)):
            continue
        yield ".".join(parts)

top = {name: outcome(name) for name in json.loads(imports)}
json.dumps({"top": top, "all": {name: outcome(name) for name in modules()}})
`;

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
  const imports = JSON.stringify(manifest.wheels.flatMap((/** @type {any} */ wheel) => wheel.imports));
  const globals = pyodide.toPy({ imports });
  return { manifest, size: body.byteLength, outcomes: JSON.parse(pyodide.runPython(program, { globals })) };
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
