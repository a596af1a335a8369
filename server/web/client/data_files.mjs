/**
 * Files of a wheel that don't belong into site-packages.
 *
 * @module
 */

/**
 * Where an installer puts a file of a wheel's `.data` folder (PEP 427), besides the folder itself; for shared
 * libraries, where Pyodide's dynamic linker looks.
 *
 * @param {string} wheel its name
 * @param {string} path
 * @param {import("./site.mjs").Runtime} runtime
 * @returns {string | false}
 */
export function destination(wheel, path, { data, scripts, include }) {
  const [, scheme, rest] = /^[^/]+\.data\/(data|scripts|headers|dynlib)\/(.+)$/.exec(path) ?? [];
  if (rest === undefined) {
    return false;
  }
  const folder = { data, scripts, headers: `${include}/${wheel}`, dynlib: "/usr/lib" }[scheme];
  return `${folder}/${rest}`.replace(/\/+/g, "/");
}
