/**
 * Where the wheels go: Pyodide's file system, and what Pyodide and Python know about it. Public interfaces only.
 *
 * A wheel's files appear one by one, as they come; those of a wheel that turns out to be wrong go away again.
 *
 * @module
 */

import { because, WheelbarrowError } from "./error.mjs";

/**
 * The part of Pyodide's interface that is used here.
 * @typedef {object} Pyodide
 * @property {(code: string, options?: any) => any} runPython
 * @property {(value: any) => any} toPy
 * @property {any} FS
 * @property {Record<string, string>} loadedPackages
 */

/**
 * @typedef {object} InstalledWheel
 * @property {string} name
 * @property {string} version
 * @property {string} file the wheel's file name
 * @property {boolean} already this very version was there before and was left alone
 * @property {string} [replaced] the other version that was there before; what had been imported from it stays
 *   imported
 */

/**
 * @typedef {object} Runtime
 * @property {string} python its version, such as 3.13
 * @property {RegExp} wheels matches the file names of wheels with a platform tag that it takes
 * @property {string} target the environment in words that a server understands: Python tag and platform tag
 * @property {string} purelib
 * @property {string} data
 * @property {string} scripts
 * @property {string} include
 */

/**
 * What the running Python says of itself.
 *
 * @param {Pyodide} pyodide
 * @returns {Runtime}
 */
export function describeRuntime(pyodide) {
  const [python, standard, abi, platform, paths] = runPython(pyodide, `
import json, sys
from sysconfig import *
v = get_config_var
json.dumps([sys.version_info[:2], v("PYEMSCRIPTEN_PLATFORM_VERSION"), v("PYODIDE_ABI_VERSION"), get_platform(), get_paths()])`);
  // PEP 783's variable, Pyodide's own before it, and before that the version of Emscripten was the ABI.
  const version = standard ?? abi;
  const kind = standard || python[1] >= 14 ? "pyemscripten" : "pyodide";
  const emscripten = platform.replace(/[-.]/g, "_");
  const tag = version ? `${kind}_${version}_wasm32` : emscripten;
  const wheels = new RegExp(`[-.](any|${emscripten}|py(odide|emscripten)_${version}_wasm32)[\\w.]*$`);
  // Pyodide's prefix is "/", which makes "//lib" of "/lib"; the dynamic linker knows modules by the normal form.
  const [purelib, data, scripts, include] = ["purelib", "data", "scripts", "include"].map((name) =>
    paths[name].replace(/^\/*/, "/"),
  );
  return { python: python.join("."), wheels, target: `cp${python.join("")}-${tag}`, purelib, data, scripts, include };
}

/**
 * Runs Python in a namespace of its own and returns what its last expression, a JSON text, says.
 *
 * @param {Pyodide} pyodide
 * @param {string} code
 * @param {Record<string, any>} [names]
 */
function runPython(pyodide, code, names = {}) {
  const globals = pyodide.toPy(names);
  try {
    return JSON.parse(pyodide.runPython(code, { globals }));
  } finally {
    globals.destroy();
  }
}

/** @typedef {import("./bundle_stream.mjs").ManifestWheel} ManifestWheel */
/** @typedef {import("./tar.mjs").Entry} Entry */
/** Takes back one step. @typedef {(FS: any) => void} Undo */

/**
 * What happens to a wheel.
 * @typedef {object} Visit
 * @property {string | undefined} before the version that was there
 * @property {Entry[]} held files that are not in place yet
 * @property {Undo[]} made what was put in place
 */

/** Files of a wheel's `.data` folder (PEP 427). */
const isData = /^[^/]+\.data\//;

/** @type {[string, boolean][]} */
const rootFolder = [["", false]];

export class Site {
  /** @type {InstalledWheel[]} */
  wheels = [];
  #pyodide;
  #runtime;
  /** Of the wheels that are to come. @type {Map<ManifestWheel, Visit>} */
  #visits = new Map();
  /** Folders that are there; true if they were made here. @type {Map<string, boolean>} */
  #folders = new Map(rootFolder);
  /** Files that were written here. @type {Set<string>} */
  #written = new Set();
  /** @type {typeof import("./extension_modules.mjs") | undefined} */
  #ahead;
  /** @type {import("./extension_modules.mjs").ExtensionModules | undefined} */
  #modules;
  /** Modules being loaded. @type {(Promise<void> | undefined)[]} */
  #loads = [];

  /**
   * @param {Pyodide} pyodide
   * @param {Runtime} runtime
   */
  constructor(pyodide, runtime) {
    this.#pyodide = pyodide;
    this.#runtime = runtime;
  }

  /**
   * Looks which of these wheels are there before the first of them comes.
   *
   * @param {ManifestWheel[]} wheels
   */
  async expect(wheels) {
    // While the bundle downloads. Of wheels without extension modules, none can link to a library.
    if (wheels.some((wheel) => wheel.extension_modules?.length)) {
      this.#ahead = await import("./extension_modules.mjs");
      this.#modules = new this.#ahead.ExtensionModules();
    }
    const { FS } = this.#pyodide;
    const { purelib } = this.#runtime;
    // By their folders' names: importing importlib.metadata would take longer than all the rest of this.
    /** @type {Map<string, string>} */
    const versions = new Map();
    for (const folder of FS.readdir(purelib)) {
      const [, name, version] = /^([^-]+)-([^-]+)\.dist-info$/.exec(folder) ?? [];
      if (name && FS.analyzePath(`${purelib}/${folder}/METADATA`).exists) {
        versions.set(canonicalName(name), version);
      }
    }
    for (const wheel of wheels) {
      this.#visits.set(wheel, { before: versions.get(canonicalName(wheel.name)), held: [], made: [] });
    }
  }

  /**
   * Takes a file of a wheel. It is in place at once, unless something is there that must stay until the wheel is known
   * to be right: an older version, or a file of the same name. Files that go to other folders, too, wait for that anyway.
   *
   * @param {ManifestWheel} wheel
   * @param {Entry} entry
   */
  add(wheel, entry) {
    const visit = this.#visit(wheel);
    const already = visit.before === wheel.version;
    const waits = visit.before !== undefined || isData.test(entry.path);
    if (!already && (waits || !this.#write(wheel, entry))) {
      visit.held.push(entry);
    } else {
      this.#load(this.#modules?.add(entry, !already && !isLibrary(entry.path)));
    }
  }

  /**
   * After the last file of a wheel, and once it is known to be right.
   *
   * @param {ManifestWheel} wheel
   */
  async keep(wheel) {
    const { before, held } = this.#visit(wheel);
    const { name, version, file } = wheel;
    const already = before === version;
    const replaced = already || before === undefined ? {} : { replaced: before };
    if (before !== undefined && !already) {
      const { removal } = await import("./replace.mjs");
      if (!runPython(this.#pyodide, removal, { name })) {
        throw new WheelbarrowError(
          `${name} ${before} is there without a record of its files, so it can't be replaced`,
        );
      }
      this.#folders = new Map(rootFolder);
    }
    for (const entry of held) {
      const second = isData.test(entry.path) && (await import("./data_files.mjs")).destination(name, entry.path, this.#runtime);
      this.#write(wheel, entry, true, second);
      this.#load(this.#modules?.add(entry, !isLibrary(entry.path)));
    }
    this.#visits.delete(wheel);
    this.wheels.push({ name, version, file, already, ...replaced });
  }

  /** Removes the files of the wheels that were not kept. */
  undo() {
    const { FS } = this.#pyodide;
    for (const { made } of this.#visits.values()) {
      for (const remove of made.reverse()) {
        try {
          remove(FS);
        } catch {
          // It is gone already, or holds files of others.
        }
      }
    }
    this.#visits.clear();
  }

  /** @param {ManifestWheel} wheel */
  #visit(wheel) {
    return /** @type {Visit} */ (this.#visits.get(wheel));
  }

  /** After the last wheel: resolves once every module that is loaded ahead is ready. */
  async settle() {
    this.#load(this.#modules?.rest());
    await Promise.all(this.#loads);
  }

  /** @param {Entry[]} [modules] */
  #load(modules = []) {
    for (const { path, bytes } of modules) {
      const load = this.#ahead?.loadAhead(this.#pyodide.FS, `${this.#runtime.purelib}/${path}`, bytes);
      const loaded = load?.catch(because(`the extension module ${path} can't be loaded`));
      // Awaited in settle(); until then a failure must not count as unhandled.
      loaded?.catch(() => {});
      this.#loads.push(loaded);
    }
  }

  /**
   * Tells Python and Pyodide's own package loader what is there now.
   *
   * @param {string} bundle
   */
  announce(bundle) {
    runPython(this.#pyodide, "import importlib, json; importlib.invalidate_caches(); json.dumps(None)");
    const { loadedPackages } = this.#pyodide;
    for (const { name, already } of this.wheels) {
      const key = canonicalName(name);
      if (!already || !(key in loadedPackages)) {
        loadedPackages[key] = bundle;
      }
    }
  }

  /**
   * Writes a file without a copy: MEMFS keeps the part of the layer's buffer that it is given. The whole buffer then
   * lives as long as any file of the wheel, at a cost of the tar headers between them.
   *
   * @param {ManifestWheel} wheel
   * @param {Entry} entry
   * @param {boolean} [replace] what is there already
   * @param {string | false} [second] another place for it
   * @returns {boolean} false if there was something, which was left alone
   */
  #write(wheel, { path, bytes }, replace, second) {
    const { FS } = this.#pyodide;
    const { made } = this.#visit(wheel);
    // RECORD names the first place, so that stays. Libraries are never written to: both places share their bytes.
    try {
      for (const [i, place] of [`${this.#runtime.purelib}/${path}`, second].entries()) {
        if (!place) {
          continue;
        }
        const isNew = this.#makeFolder(place.slice(0, place.lastIndexOf("/")), made);
        const isThere = this.#written.has(place) || (!isNew && FS.analyzePath(place).exists);
        if (isThere && !replace) {
          return false;
        }
        if (!isThere) {
          made.push((FS) => FS.unlink(place));
        }
        FS.writeFile(place, bytes, { canOwn: i === 0 || isLibrary(path) });
        this.#written.add(place);
      }
    } catch (error) {
      because(`${path} of ${wheel.file} can't be written`)(error);
    }
    return true;
  }

  /**
   * @param {string} folder
   * @param {Undo[]} made
   * @returns {boolean} whether it was made here
   */
  #makeFolder(folder, made) {
    let isNew = this.#folders.get(folder);
    if (isNew === undefined) {
      const { FS } = this.#pyodide;
      isNew = !FS.analyzePath(folder).exists;
      if (isNew) {
        this.#makeFolder(folder.slice(0, folder.lastIndexOf("/")), made);
        FS.mkdir(folder);
        made.push((FS) => FS.rmdir(folder));
      }
      this.#folders.set(folder, isNew);
    }
    return isNew;
  }
}

/**
 * Whether a file is there to be linked to, not imported: in the `.libs` folder that repair tools make, or from an
 * archive of shared libraries.
 *
 * @param {string} path
 */
export function isLibrary(path) {
  return /^[^/]+(\.libs|\.data\/dynlib)\//.test(path);
}

/**
 * The name's one spelling (PEP 503), by which Pyodide's package loader knows it.
 *
 * @param {string} name
 */
function canonicalName(name) {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}
