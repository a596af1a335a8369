// Boots Pyodide, installs with the loader and runs a program: the same on a page and in a worker.

/**
 * @param {string} base
 * @param {string[]} requirements
 * @param {string} program Python whose last expression is JSON text
 */
export async function run(base, requirements, program) {
  const { loadPyodide } = await import(`${base}pyodide/pyodide.mjs`);
  const { install } = await import(`${base}client/wheelbarrow.mjs`);
  const pyodide = await loadPyodide();
  performance.clearResourceTimings();
  /** @type {any[]} */
  const progress = [];
  const installation = await install(pyodide, requirements, { onProgress: (/** @type {any} */ p) => progress.push(p) });
  const result = JSON.parse(pyodide.runPython(program));
  const requests = performance.getEntriesByType("resource").map((entry) => entry.name);
  return { installation, progress, result, requests, loaded: { ...pyodide.loadedPackages } };
}
