/**
 * What the server says of a requirement set.
 *
 * @module
 */

import { problemOf, projectOf } from "./ways.mjs";

/** @typedef {import("./choices.mjs").Choices} Choices */
/** @typedef {{project: string, older: string, newer: string}} Change a project with two versions here */

const server = new URL("../../", import.meta.url);
/** The package index as JSON (PEP 691). */
const indexType = "application/vnd.pypi.simple.v1+json";

/**
 * The set's packages by the lock file that its wheels are loaded with. Throws what the server refuses.
 *
 * @param {Choices} choices
 * @returns {Promise<{imports: string[], versions: Record<string, string>}>} `imports` are those of the required projects
 */
export async function lockOf({ r, c, target }) {
  const url = new URL("pyodide-lock.json", server);
  r.forEach((text) => url.searchParams.append("r", text));
  c.forEach((text) => url.searchParams.append("c", text));
  if (target) {
    url.searchParams.append("target", target);
  }
  const answer = await fetch(url);
  if (!answer.ok) {
    throw await problemOf(answer);
  }
  /** @type {{packages: Record<string, {version: string, imports: string[], depends: string[]}>}} */
  const { packages } = await answer.json();
  const roots = r.map(projectOf);
  const needed = new Set(roots);
  // A set grows while it is walked.
  for (const name of needed) {
    packages[name]?.depends.map(projectOf).forEach((each) => needed.add(each));
  }
  const found = [...needed].filter((name) => packages[name]);
  return {
    imports: roots.flatMap((name) => packages[name]?.imports ?? []),
    versions: Object.fromEntries(found.map((name) => [name, packages[name].version])),
  };
}

/**
 * Which of these projects have an older version here, the nearest one.
 *
 * @param {Record<string, string>} versions
 * @returns {Promise<Change[]>}
 */
export async function changesOf(versions) {
  const changes = await Promise.all(
    Object.entries(versions).map(async ([project, newer]) => {
      const answer = await fetch(new URL(`simple/${project}/`, server), { headers: { Accept: indexType } });
      /** @type {{versions: string[]}} */
      const { versions: all } = answer.ok ? await answer.json() : { versions: [] };
      // From low to high.
      const older = all[all.indexOf(newer) - 1];
      return older === undefined ? [] : [{ project, older, newer }];
    }),
  );
  return changes.flat();
}
