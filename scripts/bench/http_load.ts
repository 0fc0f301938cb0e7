/** The load of `deno task bench:http`: a fixed number of requests by `ab`, and of WebSocket messages. */

/** The results of one kind of load on one front. */
export interface Figures {
  /** Requests, or messages, a second. */
  readonly rate: number;
  /** The 99th percentile of the times to an answer, in milliseconds. */
  readonly late: number;
  readonly count: number;
}

export interface Load {
  readonly name: string;
  run(port: number, stage: string): Promise<Figures>;
}

const HOST = "bench.localhost";
const SOCKETS = 50;
const ROUNDS = 200;
const PATIENCE_MS = 30_000;
const MESSAGE = new Uint8Array(64).fill(120);

async function ab(origin: string, count: number, atOnce: number, path: string, more: string[]): Promise<Figures> {
  const { protocol, port } = new URL(origin);
  // `ab` also sends the value of Host as TLS's server name, in which a port is an error.
  const host = protocol === "https:" ? HOST : `${HOST}:${port}`;
  const words = ["-q", "-s", "60", "-n", `${count}`, "-c", `${atOnce}`, ...more, "-H", `Host: ${host}`];
  const command = new Deno.Command("ab", { args: [...words, `${origin}${path}`] });
  const { stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const failed = /^Failed requests:\s+(\d+)/m.exec(text)?.[1] ?? "?";
  if (failed !== "0" || /Non-2xx|handshake failed/.test(text)) {
    throw new Error(`ab: ${failed} requests failed:\n${text}`);
  }
  const seconds = Number(/^Time taken for tests:\s+([\d.]+)/m.exec(text)?.[1]);
  return { rate: count / seconds, late: Number(/^\s+99%\s+(\d+)/m.exec(text)?.[1]), count };
}

const requests = (name: string, count: number, atOnce: number, path = "/", ...more: string[]): Load => ({
  name,
  run: (port, stage) => {
    return ab(`http://127.0.0.1:${port}`, count, atOnce, path, more.map((word) => word.replace("STAGE", stage)));
  },
});

const secureRequests = (name: string, count: number, atOnce: number, path = "/", ...more: string[]): Load => ({
  name,
  run: (port) => ab(`https://127.0.0.1:${port}`, count, atOnce, path, more),
});

async function readSome(connection: Deno.Conn, isEnough: (bytes: Uint8Array) => boolean): Promise<void> {
  let all = new Uint8Array();
  const buffer = new Uint8Array(4096);
  while (!isEnough(all)) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("the WebSocket has ended");
    all = new Uint8Array([...all, ...buffer.subarray(0, count)]);
  }
}

/** Opens a connection, changes it to a WebSocket, and exchanges messages. Returns the milliseconds of each exchange. */
async function talk(port: number): Promise<number[]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  using timer = new DisposableStack();
  timer.adopt(setTimeout(() => connection.close(), PATIENCE_MS), clearTimeout);
  const fields =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
  await connection.write(new TextEncoder().encode(`GET /ws HTTP/1.1\r\nHost: ${HOST}:${port}\r\n${fields}\r\n\r\n`));
  await readSome(connection, (bytes) => new TextDecoder().decode(bytes).includes("\r\n\r\n"));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await connection.write(MESSAGE);
    await readSome(connection, (bytes) => bytes.length >= MESSAGE.length);
    times.push(performance.now() - start);
  }
  return times;
}

async function webSockets(port: number): Promise<Figures> {
  const start = performance.now();
  const times = (await Promise.all(Array.from({ length: SOCKETS }, () => talk(port)))).flat();
  const seconds = (performance.now() - start) / 1000;
  return {
    rate: times.length / seconds,
    late: times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? NaN,
    count: times.length,
  };
}

export const LOADS: readonly Load[] = [
  requests("small, kept, 1 at once", 2_000, 1, "/", "-k"),
  requests("small, kept, 50 at once", 3_000, 50, "/", "-k"),
  requests("small, new, 1 at once", 2_000, 1),
  requests("small, new, 50 at once", 2_000, 50),
  requests("1 MB, kept, 8 at once", 200, 8, "/large", "-k"),
  requests("1 MB uploaded, kept, 8 at once", 400, 8, "/upload", "-k", "-p", "STAGE/upload", "-T", "text/plain"),
  { name: "50 WebSockets, messages", run: webSockets },
];

/** The kinds of load by HTTPS. `ab` speaks HTTP/1.0 over TLS, never HTTP/2. */
export const SECURE_LOADS: readonly Load[] = [
  secureRequests("HTTPS: small, kept, 50 at once", 2_000, 50, "/", "-k"),
  secureRequests("HTTPS: small, new, 50 at once", 600, 50),
  secureRequests("HTTPS: 1 MB, kept, 8 at once", 100, 8, "/large", "-k"),
];

export function writeUpload(stage: string): void {
  Deno.writeFileSync(`${stage}/upload`, new Uint8Array(1_000_000).fill(120));
}
