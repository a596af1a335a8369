// The loader's own SHA-256 against Node's, around every border of padding.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { Sha256 } from "../../server/web/client/sha256.mjs";

test("agrees with another implementation", () => {
  for (const length of [ 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 1 << 20]) {
    // At an odd place of a larger buffer, as layers may lie.
    const bytes = new Uint8Array(length + 1).map((_, i) => (i * 131 + length) & 255).subarray(1);
    const expected = createHash("sha256").update(bytes).digest("hex");
    for (const piece of [length, 1, 63, 64, 65, 200].filter((size) => size > 0 && length / size < 5000)) {
      const hash = new Sha256();
      for (let at = 0; at < length; at += piece) {
        hash.update(bytes.subarray(at, at + piece));
      }
      assert.equal(hash.digest(), expected, `${length} bytes, ${piece} at a time`);
    }
  }
});

test("an empty message has a SHA-256, too", () => {
  assert.equal(new Sha256().digest(), createHash("sha256").digest("hex"));
});
