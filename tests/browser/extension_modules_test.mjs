// Which modules the loader loads ahead of their import.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ExtensionModules, neededLibraries } from "../../server/web/client/extension_modules.mjs";
import { isLibrary } from "../../server/web/client/site.mjs";

/** @param {string} content */
function text(content) {
  return [content.length, ...Buffer.from(content)];
}

/** A number of any size as LEB128. @param {number} value @returns {number[]} */
function leb(value) {
  return value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];
}

/**
 * The beginning of a WebAssembly module that links to `needed`, padded to `size` bytes.
 *
 * @param {string[]} needed
 * @param {number} [size]
 */
function module(needed, size = 0) {
  const memory = [1, 4, 0, 0, 0, 0];
  const names = needed.flatMap(text);
  const links = [2, ...leb(names.length + 1), needed.length, ...names];
  const section = [...text("dylink.0"), ...memory, ...links];
  const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, ...leb(section.length), ...section]);
  const whole = new Uint8Array(Math.max(size, bytes.length));
  whole.set(bytes);
  return whole;
}

const large = 8 * 1024 * 1024;

test("finds the libraries that a module links to", () => {
  assert.deepEqual(neededLibraries(module([])), []);
  assert.deepEqual(neededLibraries(module(["liba.so", "libb.so.3"])), ["liba.so", "libb.so.3"]);
  const many = Array.from({ length: 30 }, (_, i) => `library-number-${i}.so`);
  assert.deepEqual(neededLibraries(module(many)), many);
});

test("anything else links to nothing", () => {
  const whole = module(["liba.so"]);
  const cases = [
    new Uint8Array(0), new Uint8Array(100), Buffer.from("\x7fELF and so on"), whole.subarray(0, 8),
    Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 3, 1, 2, 3]),
    Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, ...text("name")]),
  ];
  for (const bytes of cases) {
    assert.deepEqual(neededLibraries(bytes), [], Buffer.from(bytes).toString("hex"));
  }
});

test("cut or nonsensical sections end quietly", () => {
  const whole = module(["liba.so", "libb.so"]);
  for (let length = 0; length <= whole.length; length++) {
    assert.ok(neededLibraries(whole.subarray(0, length)).length <= 2, `${length} bytes`);
  }
  for (let at = 8; at < whole.length; at++) {
    const changed = Uint8Array.from(whole);
    changed[at] = 0xff;
    neededLibraries(changed);
  }
});

/**
 * @param {ExtensionModules} modules
 * @param {{path: string, bytes: Uint8Array<ArrayBuffer>}[]} entries
 */
function addAll(modules, entries) {
  return entries.flatMap((entry) => modules.add(entry, !isLibrary(entry.path)));
}

test("loads ahead what is large or links to something large", () => {
  const modules = new ExtensionModules();
  const first = addAll(modules, [
    { path: "libbig-1.0.data/dynlib/libbig.so", bytes: module([], large) },
    { path: "libbig-1.0.data/dynlib/libsmall.so", bytes: module([]) },
  ]);
  assert.deepEqual(first, [], "libraries come with the modules that need them");
  const entries = [
    { path: "p/a.cpython-313-wasm32-emscripten.so", bytes: module([], large) },
    { path: "p/b.so", bytes: module([], large - 1) },
    { path: "p/c.so", bytes: module(["libbig.so"]) },
    { path: "p/d.so", bytes: module(["libsmall.so", "libunknown.so"]) },
    { path: "p/e.so", bytes: module(["libchain.so"]) },
    { path: "p/f.so", bytes: module(["libloop.so"]) },
    { path: "p.libs/libchain.so", bytes: module(["libbig.so"]) },
    { path: "p.libs/libloop.so", bytes: module(["libloop.so"]) },
    { path: "p/data.bin", bytes: new Uint8Array(large) },
  ];
  assert.deepEqual(
    addAll(modules, entries).map(({ path }) => path),
    ["p/a.cpython-313-wasm32-emscripten.so", "p/c.so", "p/e.so"],
  );
});

test("knows libraries by their place", () => {
  const cases = {
    "PyMuPDF.libs/libmupdf.so": true, "libopenblas-0.3.data/dynlib/libopenblas.so": true, "cv2/cv2.so": false,
    "numpy/_core/x.libs/y.so": false, "p/dynlib/x.so": false,
  };
  for (const [path, expected] of Object.entries(cases)) {
    assert.equal(isLibrary(path), expected, path);
  }
});

test("what links to something that comes later waits for it", () => {
  const modules = new ExtensionModules();
  const early = [
    { path: "p/a.so", bytes: module(["libb.so"]) },
    { path: "p/c.so", bytes: module(["libnever.so"], large) },
    { path: "p/d.so", bytes: module(["liblate.so"]) },
  ];
  assert.deepEqual(addAll(modules, early), []);
  assert.deepEqual(addAll(modules, [{ path: "q.libs/libb.so", bytes: module(["liblate.so"]) }]), []);
  const late = [{ path: "r.libs/liblate.so", bytes: module([], large) }];
  assert.deepEqual(addAll(modules, late), [early[0], early[2]], "all that they link to, directly or not, is there");
  assert.deepEqual(modules.rest(), [early[1]], "the rest is loaded when nothing more comes");
  assert.deepEqual(modules.rest(), []);
});

test("modules of the same name are several", () => {
  const modules = new ExtensionModules();
  const entries = [
    { path: "x/_core.so", bytes: module(["libz.so"], large) },
    { path: "y/_core.so", bytes: module(["libz.so"]) },
    { path: "x.libs/libz.so", bytes: module([]) },
  ];
  assert.deepEqual(addAll(modules, entries), [entries[0]]);
});

test("modules of a layer that is not wanted are not loaded", () => {
  const modules = new ExtensionModules();
  assert.deepEqual(modules.add({ path: "p/a.so", bytes: module([], large) }, false), []);
  assert.deepEqual(modules.rest(), []);
});
