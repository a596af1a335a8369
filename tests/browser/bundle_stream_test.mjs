// The loader's reader of bundles, on bundles made here entry by entry: what is right, and what must be refused.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { BundleStream } from "../../server/web/client/bundle_stream.mjs";
import { Sha256 } from "../../server/web/client/sha256.mjs";
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
  const manifest = change({ format: 3, kind: "site", target: "pyodide-0.29", size: offset + 1024, wheels });
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
  const pieces = [];
  for (let at = 0; at < body.length; at += chunk) {
    pieces.push(own(body.subarray(at, at + chunk)), new Uint8Array(0));
  }
  const bundle = new BundleStream(source(pieces));
  const manifest = await bundle.manifest();
  /** @type {[string, string][]} */
  const files = [];
  for (const wheel of manifest.wheels) {
    for await (const { path, bytes } of bundle.entries(wheel)) {
      files.push([path, Buffer.from(bytes).toString()]);
    }
    await bundle.verified(wheel);
  }
  await bundle.ended();
  assert.equal(bundle.position, body.length);
  return files;
}

/**
 * @param {(Uint8Array | Error)[]} pieces of which an error ends the connection
 * @param {(position: number) => boolean} [resume]
 * @returns {Promise<import("../../server/web/client/bundle_stream.mjs").Source>}
 */
async function source(pieces, resume = () => false) {
  const rest = [...pieces];
  return {
    async read() {
      const piece = rest.shift();
      if (piece instanceof Error) {
        throw piece;
      }
      return piece;
    },
    resume: async (position) => resume(position),
    cancel: async () => {},
  };
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
  ["manifest that is null", bundle(good(), () => "null"), /read format undefined/],
  ["another format", bundle(good(), (m) => ({ ...m, format: 1 })), /format 1/],
  ["another kind", bundle(good(), (m) => ({ ...m, kind: "wheels" })), /kind "wheels"/],
  ["no list of wheels", bundle(good(), (m) => ({ ...m, wheels: 3 })), /add up/],
  ["a wheel that is null", bundle(good(), (m) => ({ ...m, wheels: [null] })), /makes no sense/],
  ["gap between layers", bundle(good(), (m) => (m.wheels[1].offset += 512) && m), /makes no sense/],
  ["odd size", bundle(good(), (m) => (m.wheels[0].size += 1) && m), /makes no sense/],
  ["negative size", bundle(good(), (m) => (m.wheels[0].size = -512) && m), /makes no sense/],
  ["absurd size", bundle(good(), (m) => ({ ...m, wheels: [{ ...m.wheels[0], size: 2 ** 50 }], size: 4608 + 2 ** 50 + 1024 })), /makes no sense/],
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
  const begun = own(bundle(good()).subarray(0, 600));
  const broken = new BundleStream(source([begun, new TypeError("network error")]));
  await assert.rejects(broken.manifest(), /network error/);
  await assert.rejects(new BundleStream(source([begun])).manifest(), /cut short: 600 bytes came/);
});

test("goes on where the source can, and asks for what is missing", async () => {
  const body = bundle(good());
  for (const ending of [undefined, new Error("broken")]) {
    for (let cut = 0; cut < body.length; cut += 700) {
      /** @type {(Uint8Array | Error)[]} */
      const pieces = [own(body.subarray(0, cut)), ...(ending ? [ending] : [])];
      /** @type {number[]} */
      const asked = [];
      const from = await source([]);
      from.read = async () => {
        const piece = pieces.shift();
        if (piece instanceof Error) {
          throw piece;
        }
        return piece;
      };
      from.resume = async (position) => {
        asked.push(position);
        pieces.push(own(body.subarray(position)));
        return true;
      };
      const stream = new BundleStream(Promise.resolve(from));
      await stream.ended();
      assert.deepEqual(asked, [cut]);
      assert.equal(stream.position, body.length);
    }
  }
});

test("files are there before their layer is, and what is verified stays there after a failure", async () => {
  const body = bundle([entry("a.py", "one"), Buffer.concat([entry("b.py", "two"), entry("c.py", "three")])]);
  const stream = new BundleStream(source([own(body.subarray(0, body.length - 1024 - 512)), new Error("gone")]));
  const { wheels } = await stream.manifest();
  /** @type {string[]} */
  const seen = [];
  await assert.rejects(async () => {
    for (const wheel of wheels) {
      for await (const { path } of stream.entries(wheel)) {
        seen.push(path);
      }
    }
  }, /gone/);
  assert.deepEqual(seen, ["a.py", "b.py"]);
  await stream.verified(wheels[0]);
  await assert.rejects(stream.verified(wheels[1]), /gone/);
});

test("the whole bundle's SHA-256 is compared where it is asked for", async () => {
  const body = bundle(good());
  const expected = createHash("sha256").update(body).digest("hex");
  const integrity = () => ({ hash: new Sha256(), expected });
  await new BundleStream(source([own(body)]), { integrity: integrity() }).ended();
  // The manifest's own bytes are in no layer.
  const other = Buffer.from(body);
  other[512 + 4095] = "\n".charCodeAt(0);
  const stream = new BundleStream(source([own(other)]), { integrity: integrity() });
  await stream.verified((await stream.manifest()).wheels[0]);
  await assert.rejects(stream.ended(), new RegExp(`SHA-256 is [0-9a-f]{64}, not ${expected}`));
});

test("giving up ends all waiting", async () => {
  const never = { read: () => new Promise(() => {}), resume: async () => true, cancel: async () => {} };
  const stream = new BundleStream(Promise.resolve(/** @type {any} */ (never)));
  const waiting = [stream.manifest(), stream.ended()];
  stream.fail(new Error("enough"));
  for (const each of waiting) {
    await assert.rejects(each, /enough/);
  }
});
