import { loadPyodide } from "/pyodide/pyodide.mjs";
import { install, prefetch } from "/client/wheelbarrow.mjs";
const packages = prefetch(["numpy", "lxml"]);
const pyodide = await loadPyodide();
await install(pyodide, packages);
postMessage(pyodide.runPython("from lxml import etree; etree.fromstring('<greeting>hello</greeting>').text"));
