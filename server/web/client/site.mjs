/**
 * Where the wheels go: Pyodide's file system, and what Pyodide and Python know about it. Public interfaces only.
 *
 * @module
 */

import { layerEntries } from "./bundle_stream.mjs";
import { messageOf, WheelbarrowError } from "./error.mjs";
import { ExtensionModules, isLibrary, loadAhead } from "./extension_modules.mjs";

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
  return runPython(pyodide, `
import json, sys, sysconfig

def platform():
    # PEP 783's variable, Pyodide's own before it, and before that the version of Emscripten was the ABI.
    for kind, variable in [("pyemscripten", "PYEMSCRIPTEN_PLATFORM_VERSION"), ("pyodide", "PYODIDE_ABI_VERSION")]:
        if version := sysconfig.get_config_var(variable):
            if kind == "pyodide" and sys.version_info >= (3, 14):
                kind = "pyemscripten"
            return f"{kind}_{version}_wasm32"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")

# Pyodide's prefix is "/", which makes "//lib" of "/lib"; the dynamic linker knows modules by the normal form.
paths = {name: "/" + path.strip("/") for name, path in sysconfig.get_paths().items()}
json.dumps({
    "target": f"cp{sys.version_info.major}{sys.version_info.minor}-{platform()}",
    **{name: paths[name] for name in ["purelib", "data", "scripts", "include"]},
})`);
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

export class Site {
  /** @type {InstalledWheel[]} */
  wheels = [];
  #pyodide;
  #runtime;
  /** Versions that were there before, by the manifest's name. @type {Record<string, string>} */
  #before = {};
  /** @type {Set<string>} */
  #folders = new Set();
  #modules = new ExtensionModules();
  /** Modules being loaded. @type {Promise<void>[]} */
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
   * Asks which of these wheels are there before the first of them comes.
   *
   * @param {import("./bundle_stream.mjs").ManifestWheel[]} wheels
   */
  expect(wheels) {
    Object.assign(this.#before, runPython(this.#pyodide, `
import importlib, importlib.metadata as metadata, json

def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

importlib.invalidate_caches()
json.dumps({name: found for name in json.loads(names) if (found := version(name))})`, {
      names: JSON.stringify(wheels.map((wheel) => wheel.name)),
    }));
  }

  /**
   * Writes a verified layer's files. Nothing waits in here, so Python sees all of them or none.
   *
   * @param {import("./bundle_stream.mjs").ManifestWheel} wheel
   * @param {Uint8Array<ArrayBuffer>} layer
   */
  place(wheel, layer) {
    const { name, version, file } = wheel;
    const before = this.#before[name];
    // All names are checked before the first file is written.
    const entries = [...layerEntries(layer)];
    const already = before === version;
    const ahead = this.#modules.add(entries, !already);
    if (!already) {
      if (before !== undefined) {
        this.#remove(wheel, before);
      }
      this.#write(wheel, entries);
    }
    this.#load(ahead);
    const replaced = already || before === undefined ? {} : { replaced: before };
    this.wheels.push({ name, version, file, already, ...replaced });
  }

  /** After the last wheel: resolves once every module that is loaded ahead is ready. */
  async settle() {
    this.#load(this.#modules.rest());
    await Promise.all(this.#loads);
  }

  /** @param {import("./bundle_stream.mjs").Entry[]} modules */
  #load(modules) {
    for (const { path, bytes } of modules) {
      const load = loadAhead(this.#pyodide.FS, `${this.#runtime.purelib}/${path}`, bytes);
      // Awaited in settle(); until then a failure must not count as unhandled.
      load.catch(() => {});
      this.#loads.push(load);
    }
  }

  /**
   * Tells Python and Pyodide's own package loader what is there now.
   *
   * @param {string} bundle
   */
  announce(bundle) {
    this.refresh();
    for (const wheel of this.wheels) {
      if (!wheel.already) {
        this.#pyodide.loadedPackages[canonicalName(wheel.name)] = bundle;
      }
    }
  }

  /** Makes Python look at site-packages again. */
  refresh() {
    runPython(this.#pyodide, "import importlib, json; importlib.invalidate_caches(); json.dumps(None)");
  }

  /**
   * A file is written without a copy: MEMFS keeps the part of the layer's buffer that it is given. The whole buffer
   * then lives as long as any file of the wheel, at a cost of the tar headers between them.
   *
   * @param {import("./bundle_stream.mjs").ManifestWheel} wheel
   * @param {import("./bundle_stream.mjs").Entry[]} entries
   */
  #write(wheel, entries) {
    const { FS } = this.#pyodide;
    /** @type {string[]} */
    const written = [];
    /** @type {(place: string, bytes: Uint8Array, canOwn: boolean) => void} */
    const write = (place, bytes, canOwn) => {
      const folder = place.slice(0, place.lastIndexOf("/"));
      if (!this.#folders.has(folder)) {
        FS.mkdirTree(folder);
        this.#folders.add(folder);
      }
      FS.writeFile(place, bytes, { canOwn });
      written.push(place);
    };
    for (const { path, bytes } of entries) {
      try {
        write(`${this.#runtime.purelib}/${path}`, bytes, true);
        const destination = this.#destination(wheel, path);
        if (destination !== undefined) {
          // RECORD names the first place, so that stays. Libraries are never written to: both places share their bytes.
          write(destination, bytes, isLibrary(path));
        }
      } catch (error) {
        written.forEach((place) => FS.unlink(place));
        throw new WheelbarrowError(`${path} of ${wheel.file} can't be written: ${messageOf(error)}`, { cause: error });
      }
    }
  }

  /**
   * Where an installer puts a file of a wheel's `.data` folder (PEP 427), besides the folder itself; for shared
   * libraries, where Pyodide's dynamic linker looks.
   *
   * @param {import("./bundle_stream.mjs").ManifestWheel} wheel
   * @param {string} path
   * @returns {string | undefined}
   */
  #destination(wheel, path) {
    const [, scheme, rest] = /^[^/]+\.data\/(data|scripts|headers|dynlib)\/(.+)$/.exec(path) ?? [];
    if (rest === undefined) {
      return undefined;
    }
    const { data, scripts, include } = this.#runtime;
    const folder = { data, scripts, headers: `${include}/${wheel.name}`, dynlib: "/usr/lib" }[scheme];
    return `${folder}/${rest}`.replace(/\/+/g, "/");
  }

  /**
   * Removes another version as an installer would: by its RECORD.
   *
   * @param {import("./bundle_stream.mjs").ManifestWheel} wheel
   * @param {string} before
   */
  #remove({ name, version }, before) {
    const removed = runPython(this.#pyodide, `
import importlib.metadata as metadata, json, pathlib

def remove(distribution):
    if distribution.files is None:
        return False
    site = pathlib.Path(distribution.locate_file("")).resolve()
    files = [pathlib.Path(file.locate()).resolve() for file in distribution.files]
    for file in files:
        file.unlink(missing_ok=True)
    # Empty folders go too: importlib.metadata would take a dist-info without files for an installed distribution.
    folders = {folder for file in files for folder in file.parents if site in folder.parents}
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        try:
            folder.rmdir()
        except OSError:
            pass  # it holds something of others
    return True

json.dumps(remove(metadata.distribution(name)))`, { name });
    if (!removed) {
      throw new WheelbarrowError(
        `${name} ${before} is there without a record of its files, so ${version} can't take its place`,
      );
    }
    this.#folders.clear();
  }
}

/**
 * The name's one spelling (PEP 503), by which Pyodide's package loader knows it.
 *
 * @param {string} name
 */
function canonicalName(name) {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}
