// Beside it: client/, the loader's folder as `wheelbarrow export` writes it.
import { loadPyodide } from "pyodide";
import { install } from "./client/wheelbarrow.mjs";

const pyodide = await loadPyodide();
await install(pyodide, ["python-docx"], { baseURL: process.argv[2] ?? "https://localhost:8443/" });
console.log(pyodide.runPython("import docx; docx.Document().add_paragraph('hello').text"));
