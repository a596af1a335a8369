// compile.py in a Pyodide under Node: node --input-type=module --eval <this> -- <folder of the runtime> <compile.py>.
// Standard input and output are compile.py's. Nothing is fetched: the runtime is on disk, no package is loaded.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [runtime, program] = process.argv.slice(-2);
const complain = (text) => fs.writeSync(2, text + "\n");
try {
  const { loadPyodide } = await import(pathToFileURL(runtime + "/pyodide.mjs").href);
  const pyodide = await loadPyodide({
    env: { PYTHONHASHSEED: "0", HOME: "/" },
    stdin: () => null,
    stdout: complain,
    stderr: complain,
  });
  const globals = pyodide.toPy({});
  pyodide.runPython(program, { globals });
  const { buffer, byteOffset, byteLength } = fs.readFileSync(0);
  globals.set("given", new Uint8Array(buffer, byteOffset, byteLength));
  for (const piece of pyodide.runPython("answer(given.to_bytes())", { globals })) {
    const view = piece.getBuffer("u8");
    for (let at = 0; at < view.data.length; ) {
      at += fs.writeSync(1, view.data, at);
    }
    view.release();
    piece.destroy();
  }
} catch (error) {
  // Without the source line, which is all of the runtime.
  complain(String(error.message ?? error));
  process.exit(1);
}
