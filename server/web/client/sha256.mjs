/**
 * SHA-256 (FIPS 180-4) of bytes that come piece by piece, which `crypto.subtle` can't do; it is absent, besides, from
 * pages that are not secure contexts.
 *
 * @module
 */

export class Sha256 {
  #state = Int32Array.of(
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  );
  #length = 0;
  /** The bytes of a block that is not full yet. */
  #block = new Uint8Array(64);

  /** @param {Uint8Array} bytes */
  update(bytes) {
    const begun = this.#length % 64;
    this.#length += bytes.length;
    let at = 0;
    if (begun > 0) {
      at = Math.min(64 - begun, bytes.length);
      this.#block.set(bytes.subarray(0, at), begun);
      if (begun + at < 64) {
        return this;
      }
      compress(this.#state, this.#block, 64);
    }
    const whole = bytes.length - at - ((bytes.length - at) % 64);
    compress(this.#state, bytes.subarray(at), whole);
    this.#block.set(bytes.subarray(at + whole));
    return this;
  }

  /** Ends the message. @returns {string} hexadecimal digits */
  digest() {
    // A one bit, zeros, and the message's length in bits.
    const bits = BigInt(this.#length) * 8n;
    const end = new Uint8Array(((119 - (this.#length % 64)) % 64) + 9);
    end[0] = 0x80;
    new DataView(end.buffer).setBigUint64(end.length - 8, bits);
    this.update(end);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/**
 * @param {Int32Array} state
 * @param {Uint8Array} bytes
 * @param {number} length a multiple of 64
 */
function compress(state, bytes, length) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const w = new Int32Array(64);
  for (let at = 0; at < length; at += 64) {
    for (let t = 0; t < 16; t++) {
      w[t] = view.getInt32(at + 4 * t);
    }
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const roundConstants = Int32Array.from(firstPrimes(64), (prime) => (Math.cbrt(prime) % 1) * 2 ** 32);

/** @param {number} count */
function firstPrimes(count) {
  /** @type {number[]} */
  const primes = [];
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) {
      primes.push(candidate);
    }
  }
  return primes;
}
