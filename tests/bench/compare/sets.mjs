// What is installed and imported, and the ways to do it.

const target = "pyodide-0.29";

/**
 * @typedef {object} RequirementSet
 * @property {string} title
 * @property {string[]} requirements
 * @property {string[]} imports
 * @property {string} [before] the constraint that makes it what it was before one wheel changed
 */

const tiny = Array.from({ length: 40 }, (_, number) => `tiny_${String(number).padStart(2, "0")}`);

/** @type {Record<string, RequirementSet>} */
export const sets = {
  pure: {
    title: "five pure wheels",
    requirements: ["fonttools", "attrs", "packaging", "python-dateutil", "six"],
    imports: ["fontTools.ttLib", "fontTools.subset", "attr", "packaging.requirements", "dateutil.parser", "six"],
    before: "fonttools==4.56.0",
  },
  // pdf2docx itself is carried but not imported: PyMuPDF, which it imports, is as large as all the others together.
  document: {
    title: "document stack",
    requirements: ["numpy", "opencv-python", "lxml", "fonttools", "python-docx", "pdf2docx"],
    imports: ["numpy", "cv2", "lxml.etree", "fontTools.ttLib", "docx"],
    before: "fonttools==4.56.0",
  },
  tiny: { title: "40 tiny wheels", requirements: tiny, imports: tiny, before: "tiny_07==1.0" },
  // Most of what streamlit needs isn't in the npm registry, so that it can be carried but not imported.
  streamlit: {
    title: "streamlit, as far as npm has it",
    requirements: ["streamlit", "stlite-lib"],
    imports: ["numpy", "typing_extensions", "packaging.requirements"],
  },
  pdf: {
    title: "document stack with PyMuPDF",
    requirements: ["numpy", "opencv-python", "lxml", "fonttools", "python-docx", "pdf2docx", "pymupdf==1.26.3"],
    imports: ["numpy", "cv2", "lxml.etree", "fontTools.ttLib", "docx", "pymupdf", "pdf2docx"],
    before: "fonttools==4.56.0",
  },
};

/**
 * @typedef {object} Mode
 * @property {string} letter as in the question that the comparison answers
 * @property {string} title
 * @property {"wheelbarrow" | "nginx"} server
 * @property {Record<string, unknown>} message to the worker
 */

/** @type {Record<string, Mode>} */
export const modes = {
  nginx: { letter: "a", title: "wheels from nginx, loadPackage", server: "nginx", message: { mode: "loadPackage" } },
  wheels: { letter: "a", title: "wheels, loadPackage", server: "wheelbarrow", message: { mode: "loadPackage" } },
  "wheels-early": {
    letter: "a", title: "wheels, named to loadPyodide", server: "wheelbarrow",
    message: { mode: "loadPackage", early: true },
  },
  micropip: { letter: "b", title: "wheels, micropip", server: "wheelbarrow", message: { mode: "micropip" } },
  archive: { letter: "c", title: "archive of wheels", server: "wheelbarrow", message: { mode: "archive" } },
  env: { letter: "d", title: "bundle, stock Pyodide", server: "wheelbarrow", message: { mode: "env" } },
  loader: {
    letter: "e", title: "bundle, loader", server: "wheelbarrow", message: { mode: "loader", bytecode: "off" },
  },
  "loader-bytecode": {
    letter: "e", title: "bundle with bytecode, loader", server: "wheelbarrow",
    message: { mode: "loader", bytecode: "instead" },
  },
  prefetch: {
    letter: "f", title: "bundle, prefetch", server: "wheelbarrow", message: { mode: "prefetch", bytecode: "off" },
  },
  "prefetch-bytecode": {
    letter: "f", title: "bundle with bytecode, prefetch", server: "wheelbarrow",
    message: { mode: "prefetch", bytecode: "instead" },
  },
};

/** Where another loader is served. @param {string} name */
export const loaderFolder = (name) => `/loaders/${name}`;

/** The ways of prefetch by another loader. @param {string} name */
export function addLoader(name) {
  for (const mode of ["prefetch", "prefetch-bytecode"]) {
    const { title, message, ...same } = modes[mode];
    const loader = `${loaderFolder(name).slice(1)}/wheelbarrow.mjs`;
    modes[`${mode}@${name}`] = { ...same, title: `${title}, ${name}`, message: { ...message, loader } };
  }
}

/**
 * What the worker is told.
 *
 * @param {string} set
 * @param {string} mode
 * @param {boolean} [before] the set as it was before its change
 */
export function message(set, mode, before = false) {
  const { requirements, imports, before: constraint } = sets[set];
  return {
    ...modes[mode].message, requirements, imports, target, ...(before && constraint && { constraints: [constraint] }),
  };
}

/** The query of a set's lock file. @param {string} set @param {boolean} [before] */
export function query(set, before = false) {
  const { requirements, constraints = [] } = message(set, "wheels", before);
  return String(new URLSearchParams([
    ...requirements.map((name) => ["r", name]), ...constraints.map((name) => ["c", name]), ["target", target],
  ]));
}
