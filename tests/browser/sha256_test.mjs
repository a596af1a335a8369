// The loader's own SHA-256 against Node's, around every border of padding.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { sha256 } from "../../server/web/client/sha256.mjs";

test("agrees with another implementation", () => {
  for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 1 << 20]) {
    // At an odd place of a larger buffer, as layers may lie.
    const bytes = new Uint8Array(length + 1).map((_, i) => (i * 131 + length) & 255).subarray(1);
    assert.equal(Buffer.from(sha256(bytes)).toString("hex"), createHash("sha256").update(bytes).digest("hex"), `${length} bytes`);
  }
});
