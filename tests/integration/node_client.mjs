// Node's HTTP/2 client for clients_test.py: one session for all requests. A line of JSON in is a request, a line of
// JSON out is what became of it; bodies go to files.
//
//   node node_client.mjs ORIGIN [CA_FILE]
import fs from "node:fs";
import http2 from "node:http2";
import readline from "node:readline";

const [origin, authority] = process.argv.slice(2);
// With the default windows a stream gets 64 KiB at a time, and the round trip is all that is measured.
const window = 2 ** 30;
const tls = authority ? { ca: fs.readFileSync(authority) } : {};
const session = http2.connect(origin, { ...tls, settings: { initialWindowSize: window } });
session.once("connect", () => session.setLocalWindowSize(window));
session.on("error", (error) => {
  console.error(error);
  process.exit(1);
});

/**
 * Without `abortAfter` the whole body is taken; with it, the stream is reset after so many bytes. `meanwhile` is a path
 * that is asked for when the body has begun; `overtaken` tells how much of the body was there when its answer was.
 *
 * @param {{method: string, path: string, fields: Record<string, string>, file: string, abortAfter?: number,
 *   meanwhile?: string}} request
 */
function exchange({ method, path, fields, file, abortAfter, meanwhile }) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": method, ":path": path, ...fields }, { endStream: true });
    const body = fs.openSync(file, "w");
    /** @type {any} */
    let head;
    let taken = 0;
    /** @type {number | undefined} */
    let overtaken;
    stream.on("response", (received) => (head = received));
    stream.once("data", () => {
      if (meanwhile) {
        const other = session.request({ ":path": meanwhile }, { endStream: true });
        other.resume().on("end", () => (overtaken = taken)).on("error", reject);
      }
    });
    stream.on("data", (chunk) => {
      if (taken < (abortAfter ?? Infinity)) {
        fs.writeSync(body, chunk);
        taken += chunk.length;
      }
      if (taken >= (abortAfter ?? Infinity)) {
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
    });
    stream.on("error", reject);
    stream.on("close", () => {
      fs.closeSync(body);
      const { ":status": status, ...rest } = head ?? {};
      resolve({ status, fields: rest, port: session.socket.localPort, overtaken: overtaken ?? taken });
    });
  });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await exchange(JSON.parse(line))));
}
session.destroy();
