/**
 * The page that compares: the form, its address, and the runs.
 *
 * @module
 */

import { field, fill, linkOf, read } from "./choices.mjs";
import { html } from "./dom.mjs";
import { changesOf, lockOf } from "./packages.mjs";
import { reportOf } from "./report.mjs";
import { runAll } from "./run.mjs";
import { seriesOf } from "./series.mjs";
import { messageOf } from "./ways.mjs";

/** @typedef {import("./choices.mjs").Choices} Choices */

/** @param {string} selector @returns {any} */
const $ = (selector) => document.querySelector(selector);
const form = /** @type {HTMLFormElement} */ ($("#choices"));
const stop = /** @type {HTMLButtonElement} */ ($("#stop"));
const problem = /** @type {HTMLElement} */ ($("#problem"));
const progress = /** @type {HTMLElement} */ ($("#progress"));
const results = /** @type {HTMLElement} */ ($("#results"));

/** @param {string} text empty: none */
function showProblem(text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

/** Offers what can have changed, and chooses `wanted` if that is among it. @param {string} wanted */
async function offerChanges(wanted) {
  const select = /** @type {HTMLSelectElement} */ (field(form, "changed"));
  try {
    const changes = await changesOf((await lockOf(read(form))).versions);
    const options = changes.map(({ project, older, newer }) =>
      html("option", { value: `${project}==${older}` }, `${project} ${older} → ${newer}`));
    select.replaceChildren(...(options.length > 0 ? options : [html("option", { value: "" }, "no project has two versions here")]));
    select.disabled = options.length === 0;
    if (options.some(({ value }) => value === wanted)) {
      select.value = wanted;
    }
    showProblem("");
  } catch (error) {
    showProblem(messageOf(error));
  }
}

/** @param {Choices} choices @returns {string} what is missing, or nothing */
function missing(choices) {
  if (choices.visit.includes("changed") && choices.changed === "") {
    return "No project of this set has two versions here, so there is no visit after one wheel changed.";
  }
  if (new URL(choices.runtime, document.baseURI).origin !== location.origin) {
    return "Pyodide's folder has to be on this server.";
  }
  return seriesOf(choices).length === 0 ? "Choose at least one way and one visit; d, e and f also need a kind of bytecode." : "";
}

async function start() {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  button.disabled = true;
  showProblem("");
  try {
    const choices = read(form);
    const { imports } = await lockOf(choices);
    if (choices.import.length === 0) {
      choices.import = imports;
      field(form, "import").value = imports.join("\n");
    }
    const lacking = missing(choices);
    if (lacking) {
      showProblem(lacking);
      return;
    }
    history.replaceState(null, "", linkOf(choices).replace(/&start$/, ""));
    await run(choices);
  } catch (error) {
    showProblem(messageOf(error));
  } finally {
    button.disabled = false;
    stop.hidden = true;
    progress.hidden = true;
  }
}

/** @param {Choices} choices */
async function run(choices) {
  const all = seriesOf(choices);
  const giveUp = new AbortController();
  stop.onclick = () => giveUp.abort();
  stop.hidden = false;
  progress.hidden = false;
  results.hidden = true;
  const [status, meter] = progress.children;
  await runAll(all, choices.rounds, giveUp.signal, (done, of, what) => {
    status.textContent = what;
    /** @type {HTMLProgressElement} */ (meter).value = done / of;
  });
  results.replaceChildren(...reportOf(choices, all));
  results.hidden = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
/** So that the server isn't asked about every letter. @type {ReturnType<typeof setTimeout> | undefined} */
let pause;
form.addEventListener("input", ({ target }) => {
  if (["r", "c", "target"].includes(/** @type {HTMLInputElement} */ (target).name)) {
    clearTimeout(pause);
    pause = setTimeout(() => offerChanges(""), 400);
  }
});
const query = new URLSearchParams(location.search);
fill(form, query);
await offerChanges(query.get("changed") ?? "");
if (query.has("start")) {
  await start();
}
