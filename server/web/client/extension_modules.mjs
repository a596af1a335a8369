/**
 * Which extension modules must be loaded before anybody imports them, and how.
 *
 * An import compiles a module, and the libraries that it links to, synchronously. On a page's main thread Chromium
 * refuses that above 8 MiB. So modules are loaded ahead, without blocking, where they or anything they link to are
 * that large; loading a module brings its libraries along. The rest stays for the import: a wheel may have a hundred
 * modules of which a program needs three.
 *
 * @module
 */

/** Chromium's limit for `new WebAssembly.Module` on the main thread. */
const syncCompileLimit = 0x800000;

/** @typedef {import("./tar.mjs").Entry} Entry */

export class ExtensionModules {
  /** What links to what, by file name, which is how modules name their libraries. @type {Map<string, Library>} */
  #libraries = new Map();
  /** Modules of which something that they link to hasn't come yet. @type {[Entry, Library][]} */
  #held = [];

  /**
   * Takes note of a file. Files come in any order.
   *
   * @param {Entry} entry
   * @param {boolean} wanted false if it is there to be linked to, or not to be loaded
   * @returns {Entry[]} the modules, this one or earlier ones, that can be loaded ahead now
   */
  add(entry, wanted) {
    const { path, bytes } = entry;
    if (!/\.so(\.\d+)*$/.test(path)) {
      return [];
    }
    const large = bytes.length >= syncCompileLimit;
    const library = { large, needs: neededLibraries(bytes) };
    this.#libraries.set(fileName(path), library);
    if (wanted) {
      // Not by its name: modules of several packages may have the same.
      this.#held.push([entry, library]);
    }
    return this.#release((links) => links.every(Boolean));
  }

  /**
   * After the last file: what is still missing will not come.
   *
   * @returns {Entry[]} the modules to load ahead that were not named yet
   */
  rest() {
    return this.#release(() => true);
  }

  /** @param {(links: (Library | undefined)[]) => boolean} isReady */
  #release(isReady) {
    /** @type {Entry[]} */
    const released = [];
    this.#held = this.#held.filter(([module, own]) => {
      const links = [own, ...own.needs.flatMap((name) => this.#links(name))];
      const ready = isReady(links);
      if (ready && links.some((library) => library?.large)) {
        released.push(module);
      }
      return !ready;
    });
    return released;
  }

  /**
   * A file and all that it links to, directly or not.
   *
   * @param {string} name
   * @param {Map<string, Library | undefined>} found
   */
  #links(name, found = new Map()) {
    const library = this.#libraries.get(name);
    found.set(name, library);
    library?.needs.filter((needed) => !found.has(needed)).forEach((needed) => this.#links(needed, found));
    return [...found.values()];
  }
}

/** @typedef {{large: boolean, needs: string[]}} Library */

/**
 * Loads a module that is in the file system already, without blocking, so that importing it finds it ready.
 *
 * @param {any} FS
 * @param {string} path
 * @param {Uint8Array} bytes
 * @returns {Promise<void>}
 */
export async function loadAhead(FS, path, bytes) {
  const cut = path.lastIndexOf("/");
  const folder = path.slice(0, cut);
  const name = path.slice(cut + 1);
  if (FS.preloadFile) {
    // Emscripten 5, Pyodide 314.
    await FS.preloadFile(folder, name, bytes, true, true, true, true);
  } else {
    await new Promise((resolve, reject) => {
      const failed = () => reject(new Error("the console has the reason"));
      FS.createPreloadedFile(folder, name, bytes, true, true, resolve, failed, true, true);
    });
  }
}

/**
 * The libraries that a WebAssembly module links to: its `dylink.0` section, which is the first (WebAssembly tool
 * conventions, "Dynamic Linking"). Of anything else, none.
 *
 * @param {Uint8Array} bytes
 * @returns {string[]}
 */
export function neededLibraries(bytes) {
  let at = 8;
  // Beyond the end there are only zeros.
  const number = () => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        break;
      }
    }
    return value;
  };
  const text = () => {
    const length = number();
    at += length;
    return new TextDecoder().decode(bytes.subarray(at - length, at));
  };
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== "\0asm" || bytes[at++] !== 0) {
    return [];
  }
  const end = Math.min(number() + at, bytes.length);
  if (text() !== "dylink.0") {
    return [];
  }
  while (at < end) {
    const kind = number();
    const next = number() + at;
    if (kind === neededSubsection) {
      // Each takes a byte at least.
      return Array.from({ length: Math.min(number(), bytes.length - at) }, text);
    }
    at = next;
  }
  return [];
}

/** WASM_DYLINK_NEEDED */
const neededSubsection = 2;

/** @param {string} path */
function fileName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}
