/** Passes a body to an HTTP/2 stream as fast as the client reads: Deno 2.9 alone would write all of it at once. */
import type { Duplex, Readable } from "node:stream";

/** When this many bytes wait in a connection, its streams pause. */
const WAITING_MOST = 1 << 20;

/** @param connection The client's connection, which carries the stream. */
export function passBody(body: Readable, stream: Duplex, connection: Duplex): void {
  const isFull = () => stream.writableNeedDrain || connection.writableLength >= WAITING_MOST;
  const goOn = () => {
    if (!isFull()) body.resume();
  };
  body.on("data", (chunk: Uint8Array) => {
    if (stream.destroyed || stream.writableEnded) return;
    stream.write(chunk);
    if (isFull()) body.pause();
  });
  body.on("end", () => stream.end());
  stream.on("drain", goOn);
  connection.on("drain", goOn);
  stream.once("close", () => connection.removeListener("drain", goOn));
}
