/**
 * What is to be compared: in the form, and in the page's own address, by the same names.
 *
 * @module
 */

/**
 * @typedef {object} Choices
 * @property {string[]} r requirements
 * @property {string[]} c constraints
 * @property {string[]} import
 * @property {string[]} mode
 * @property {string[]} bytecode
 * @property {string[]} visit
 * @property {string} changed "project==older version", or empty
 * @property {string} target empty: the runtime's
 * @property {string} runtime
 * @property {number} rounds
 */

const lists = /** @type {const} */ (["r", "c", "import"]);
const boxes = /** @type {const} */ (["mode", "bytecode", "visit"]);
const texts = /** @type {const} */ (["changed", "target", "runtime"]);

/** @param {HTMLFormElement} form @returns {Choices} */
export function read(form) {
  const fields = new FormData(form);
  /** @param {string} name */
  const text = (name) => String(fields.get(name) ?? "").trim();
  /** @param {string} name */
  const lines = (name) => text(name).split("\n").map((line) => line.trim()).filter((line) => line !== "");
  /** @param {string} name */
  const checked = (name) => fields.getAll(name).map(String);
  return {
    r: lines("r"),
    c: lines("c"),
    import: lines("import"),
    mode: checked("mode"),
    bytecode: checked("bytecode"),
    visit: checked("visit"),
    changed: text("changed"),
    target: text("target"),
    runtime: text("runtime"),
    rounds: Number(text("rounds")),
  };
}

/** The address that repeats a run. @param {Choices} choices */
export function linkOf(choices) {
  const link = new URL(location.pathname, location.href);
  for (const name of [...lists, ...boxes]) {
    choices[name].forEach((value) => link.searchParams.append(name, value));
  }
  for (const name of texts) {
    if (choices[name] !== "") {
      link.searchParams.append(name, choices[name]);
    }
  }
  link.searchParams.append("rounds", String(choices.rounds));
  return `${link.href}&start`;
}

/**
 * Fills the form from an address; what that doesn't name stays as it is.
 *
 * @param {HTMLFormElement} form
 * @param {URLSearchParams} query
 */
export function fill(form, query) {
  for (const name of lists.filter((each) => query.has(each))) {
    field(form, name).value = query.getAll(name).join("\n");
  }
  for (const name of boxes.filter((each) => query.has(each))) {
    const wanted = query.getAll(name);
    for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll(`[name=${name}]`))) {
      box.checked = wanted.includes(box.value);
    }
  }
  for (const name of /** @type {const} */ (["target", "runtime", "rounds"])) {
    const value = query.get(name);
    if (value !== null) {
      field(form, name).value = value;
    }
  }
}

/** @param {HTMLFormElement} form @param {string} name */
export function field(form, name) {
  return /** @type {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} */ (form.elements.namedItem(name));
}
