// The loader's reader of bundles, on bundles made here entry by entry: what is right, and what must be refused.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { BundleStream, layerEntries, verifyLayer } from "../../server/web/client/bundle_stream.mjs";
import { WheelbarrowError } from "../../server/web/client/error.mjs";

/**
 * One tar entry.
 *
 * @param {string} name
 * @param {string | Uint8Array} content
 * @param {{type?: string, prefix?: string}} [options]
 */
function entry(name, content, { type = "0", prefix = "" } = {}) {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(bytes.length.toString(8).padStart(11, "0") + "\0", 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\u000000", 257, "latin1");
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(sum.toString(8).padStart(6, "0") + "\0 ", 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** @param {Record<string, string>} fields */
function pax(fields) {
  const records = Object.entries(fields).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + 1;
    while (String(length).length + rest !== length) {
      length++;
    }
    return `${length} ${key}=${value}\n`;
  });
  return entry("PaxHeaders/x", records.join(""), { type: "x" });
}

/** @param {Buffer} buffer */
function own(buffer) {
  return new Uint8Array(buffer);
}

/**
 * A bundle of one wheel per layer, whose manifest `change` may spoil.
 *
 * @param {Buffer[]} layers
 * @param {(manifest: any) => any} [change]
 */
function bundle(layers, change = (manifest) => manifest) {
  const room = 4096;
  let offset = 512 + room;
  const wheels = layers.map((layer, i) => {
    const wheel = {
      name: `p${i}`, version: "1", file: `p${i}-1-py3-none-any.whl`, offset, size: layer.length,
      sha256: createHash("sha256").update(layer).digest("hex"),
    };
    offset += layer.length;
    return wheel;
  });
  const manifest = change({ format: 2, kind: "site", target: "pyodide-0.29", size: offset + 1024, wheels });
  const json = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return Buffer.concat([entry("wheelbarrow.json", json.padEnd(room)), ...layers, Buffer.alloc(1024)]);
}

/**
 * Reads a whole bundle that comes in pieces of `chunk` bytes.
 *
 * @param {Buffer} body
 * @param {number} [chunk]
 */
async function read(body, chunk = 1000) {
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < body.length; at += chunk) {
        controller.enqueue(own(body.subarray(at, at + chunk)));
        controller.enqueue(new Uint8Array(0));
      }
      controller.close();
    },
  });
  const reader = new BundleStream(stream);
  const manifest = await reader.readManifest();
  /** @type {[string, string][]} */
  const files = [];
  let reported = 0;
  for (const wheel of manifest.wheels) {
    const layer = await reader.readLayer(wheel, (position) => (reported = position));
    assert.equal(reported, wheel.offset + wheel.size);
    await verifyLayer(wheel, layer);
    for (const { path, bytes } of layerEntries(layer)) {
      files.push([path, Buffer.from(bytes).toString()]);
    }
  }
  await reader.readEnd();
  return files;
}

const longName = `${"d".repeat(150)}/${"e".repeat(150)}/größe.py`;

test("reads files, long paths and empty files, however the body is cut into pieces", async () => {
  const body = bundle([
    Buffer.concat([entry("a.py", "one"), entry("empty", ""), entry("b.py", "x".repeat(512), { prefix: "some/folder" })]),
    Buffer.concat([pax({ mtime: "0", path: longName }), entry("short", "long"), entry("after.py", "plain")]),
  ]);
  const expected = [
    ["a.py", "one"], ["empty", ""], ["some/folder/b.py", "x".repeat(512)], [longName, "long"], ["after.py", "plain"],
  ];
  for (const chunk of [1, 511, 512, 513, 4096, body.length]) {
    assert.deepEqual(await read(body, chunk), expected, `pieces of ${chunk} bytes`);
  }
});

test("a bundle may hold no wheels", async () => {
  assert.deepEqual(await read(bundle([])), []);
});

const good = () => [entry("a.py", "one"), entry("b.py", "two")];
const refused = [
  ["every cut is noticed", null, /cut short/],
  ["absolute path", bundle([entry("/etc/passwd", "")]), /leave site-packages/],
  ["upward path", bundle([entry("a/../../b", "")]), /leave site-packages/],
  ["upward path by pax", bundle([Buffer.concat([pax({ path: "../b" }), entry("b", "")])]), /leave site-packages/],
  ["empty segment", bundle([entry("a//b", "")]), /leave site-packages/],
  ["backslash", bundle([entry("..\\b", "")]), /leave site-packages/],
  ["no name", bundle([entry("", "")]), /leave site-packages/],
  ["symbolic link", bundle([entry("a", "", { type: "2" })]), /type "2"/],
  ["hard link", bundle([entry("a", "", { type: "1" })]), /type "1"/],
  ["folder", bundle([entry("a", "", { type: "5" })]), /type "5"/],
  ["pax header of no length", bundle([Buffer.concat([entry("x", "0 path=b\n", { type: "x" }), entry("b", "")])]), /pax header/],
  ["pax header beyond its end", bundle([Buffer.concat([entry("x", "99 path=b\n", { type: "x" }), entry("b", "")])]), /pax header/],
  ["pax header without a space", bundle([Buffer.concat([entry("x", "path", { type: "x" }), entry("b", "")])]), /pax header/],
  ["zeros in a layer", bundle([Buffer.concat([entry("a", ""), Buffer.alloc(512)])]), /tar header/],
  ["file longer than its layer", bundle([entry("a", "x".repeat(600)).subarray(0, 1024)]), /tar header/],
  ["first entry of another name", entry("other.json", "{}"), /not a bundle/],
  ["manifest that isn't JSON", bundle(good(), () => "{"), /not JSON/],
  ["manifest that is null", bundle(good(), () => "null"), /format 2/],
  ["another format", bundle(good(), (m) => ({ ...m, format: 1 })), /format 1/],
  ["another kind", bundle(good(), (m) => ({ ...m, kind: "wheels" })), /kind "wheels"/],
  ["no list of wheels", bundle(good(), (m) => ({ ...m, wheels: 3 })), /add up/],
  ["a wheel that is null", bundle(good(), (m) => ({ ...m, wheels: [null] })), /makes no sense/],
  ["gap between layers", bundle(good(), (m) => (m.wheels[1].offset += 512) && m), /makes no sense/],
  ["odd size", bundle(good(), (m) => (m.wheels[0].size += 1) && m), /makes no sense/],
  ["negative size", bundle(good(), (m) => (m.wheels[0].size = -512) && m), /makes no sense/],
  ["absurd size", bundle(good(), (m) => ({ ...m, wheels: [{ ...m.wheels[0], size: 2 ** 50 }], size: 4608 + 2 ** 50 + 1024 })), /memory/],
  ["size that doesn't add up", bundle(good(), (m) => (m.size += 512) && m), /add up/],
  ["hash that is none", bundle(good(), (m) => (m.wheels[0].sha256 = "x") && m), /makes no sense/],
  ["hash of other bytes", bundle(good(), (m) => (m.wheels[0].sha256 = "0".repeat(64)) && m), /SHA-256/],
  ["more after the end", Buffer.concat([bundle(good()), Buffer.alloc(512)]), /goes on/],
];

for (const [what, body, says] of /** @type {[string, Buffer | null, RegExp][]} */ (refused)) {
  test(`refuses: ${what}`, async () => {
    const whole = bundle(good());
    const bodies = body ? [body] : Array.from({ length: whole.length / 256 }, (_, i) => whole.subarray(0, i * 256));
    for (const bytes of bodies) {
      await assert.rejects(read(bytes), (/** @type {any} */ error) => {
        assert.ok(error instanceof WheelbarrowError, `${bytes.length} bytes: ${error.stack}`);
        assert.match(error.message, says);
        return true;
      });
    }
  });
}

test("a connection that breaks off is told apart from a body that ends", async () => {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(own(bundle(good()).subarray(0, 600)));
    },
    pull(controller) {
      controller.error(new TypeError("network error"));
    },
  });
  await assert.rejects(new BundleStream(stream).readManifest(), /broke off: network error/);
});
