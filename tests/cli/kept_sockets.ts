/**
 * Connects to the server of a loopback again and again, as the front does, and prints how many of those sockets are still
 * in memory: `kept_sockets.ts DIRECTORY PORT`. The runtime needs `--expose-gc`.
 */
import process from "node:process";
import { Connections } from "../../lib/expose/connections.ts";
import { Upstreams } from "../../lib/expose/upstream.ts";

const TIMES = 100;
const COLLECTIONS = 50;

const [directory = "", port = ""] = process.argv.slice(2);
const upstreams = new Upstreams("", new Connections());
const target = { loopback: { name: "", path: directory, isSecondName: false }, port: Number(port) };

/** Ends a connection and destroys it at once, as a request does whose answer has ended. */
async function connectOnce(): Promise<WeakRef<object>> {
  const socket = await upstreams.connect(target);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write("GET / HTTP/1.1\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.end();
  await Promise.resolve(); // the shutdown has begun, and is not done
  socket.destroy();
  await closed;
  return new WeakRef(socket);
}

const sockets: WeakRef<object>[] = [];
for (let i = 0; i < TIMES; i++) sockets.push(await connectOnce());
const keptNow = () => sockets.filter((socket) => socket.deref() !== undefined).length;
// A WeakRef holds its object until the end of the turn; the last one or two may be on the stack.
for (let i = 0; i < COLLECTIONS && keptNow() > 2; i++) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  Reflect.get(globalThis, "gc")();
}
console.log(keptNow() > 2 ? `${keptNow()} kept` : "none kept");
process.exit(0);
