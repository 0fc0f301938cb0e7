/** `unsock expose --http` holds little of an answer that its client does not read, and a bounded number of streams. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { makeCertificate } from "../support/certificates.ts";
import { run } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { memoryOf } from "./flood_watch.ts";
import { requestText, type Rig, RUNTIMES, testFront } from "./http_rig.ts";

const MEGABYTE = 1 << 20;
const SIZE = 200;
/** Megabytes of an answer that is read, beside those that nobody reads. */
const READ_SIZE = 50;
/** Megabytes that the front may take of an answer that nobody reads, with the kernel's buffers. */
const TAKEN_MOST = 16;
const GROWTH_MOST = 64;

/** A server of HTTP/1 and HTTP/2 that counts what is taken of its answers, by their path. */
function serveLarge(path: string, taken: Map<string, number>): Deno.HttpServer {
  return Deno.serve({ path, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    let count = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (count++ === (pathname === "/read" ? READ_SIZE : SIZE)) return controller.close();
        controller.enqueue(new Uint8Array(MEGABYTE));
        taken.set(pathname, count);
      },
    });
    return new Response(body);
  });
}

/** A server that agrees to a WebSocket, and sends as much. */
async function serveSocket(path: string, taken: Map<string, number>): Promise<void> {
  using listener = Deno.listen({ transport: "unix", path });
  using connection = await listener.accept();
  await connection.read(new Uint8Array(65536));
  const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  await connection.write(new TextEncoder().encode(head));
  const part = new Uint8Array(MEGABYTE);
  for (let count = 0; count < SIZE; count++) {
    for (let at = 0; at < part.length;) at += await connection.write(part.subarray(at));
    taken.set("/ws", count + 1);
  }
}

function frame(kind: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  return new Uint8Array([length >> 16, length >> 8, length, kind, flags, 0, 0, 0, stream, ...payload]);
}

const text = (value: string) => new TextEncoder().encode(value);
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS = frame(4, 0, 0, new Uint8Array());
const SETTINGS_ACK = frame(4, 1, 0, new Uint8Array());

/** A client of HTTP/2 whose windows take two gigabytes asks for `/h2`. */
function streamRequest(host: string): Uint8Array<ArrayBuffer> {
  const windows = [
    ...frame(4, 0, 0, Uint8Array.of(0, 4, 0x7f, 255, 255, 255)),
    ...frame(8, 0, 0, Uint8Array.of(0x7f, 0, 0, 0)),
  ];
  const fields = [0x82, 0x86, 0x04, 3, ...text("/h2"), 0x41, host.length, ...text(host)];
  return new Uint8Array([
    ...text(PREFACE),
    ...windows,
    ...frame(1, 5, 1, new Uint8Array(fields)),
  ]);
}

/** Reads a whole answer, beside those that nobody reads: what they take by then is all that they take. */
async function readWhole(rig: Rig, scheme = "http"): Promise<void> {
  const url = `${scheme}://large.localhost:${rig.port}/read`;
  const answer = await run(["curl", "-sSk", "--max-time", "60", "-o", "/dev/null", "-w", "%{size_download}", url]);
  assertStrictEquals(answer.stdout + answer.stderr, `${READ_SIZE * MEGABYTE}`);
}

/** Checks that the front holds little of these answers, which nobody reads, `before`: its memory without them. */
function assertHeld(
  { pid }: { pid: number },
  before: number,
  taken: ReadonlyMap<string, number>,
  paths: string[],
): void {
  for (const path of paths) assert((taken.get(path) ?? 0) <= TAKEN_MOST, `${path}: ${taken.get(path)} MB taken`);
  const grown = memoryOf(pid) - before;
  assert(grown < GROWTH_MOST, `${before} MB, ${grown} more`);
}

testFront("expose --http: 200 MB to clients that read nothing take little memory", async (rig) => {
  for (const name of ["large", "socket"]) Deno.mkdirSync(`${rig.dir}/r/unsock/${name}`, { mode: 0o700 });
  const taken = new Map<string, number>();
  await using _server = serveLarge(`${rig.dir}/r/unsock/large/3000.sock`, taken);
  const socketEnds = serveSocket(`${rig.dir}/r/unsock/socket/3000.sock`, taken).catch(() => {});
  const front = await rig.expose();
  await readWhole(rig);
  const before = memoryOf(front.pid);
  {
    using one = await rig.connect(), two = await rig.connect(), three = await rig.connect();
    await one.write(new TextEncoder().encode(requestText("/h1", "large")));
    await two.write(streamRequest("large.localhost"));
    const upgrade = requestText("/ws", "socket", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    assertMatch(await rig.say(three, upgrade, "\r\n\r\n"), /^HTTP\/1\.1 101 /);
    await until("all have begun", () => ["/h1", "/h2", "/ws"].every((path) => taken.has(path)));
    await readWhole(rig);
    assertHeld(front, before, taken, ["/h1", "/h2", "/ws"]);
  }
  await socketEnds;
});

testFront("expose --http --cert: 200 MB to clients that read nothing take little memory, over TLS", async (rig) => {
  Deno.mkdirSync(`${rig.dir}/r/unsock/large`, { mode: 0o700 });
  const taken = new Map<string, number>();
  await using _server = serveLarge(`${rig.dir}/r/unsock/large/3000.sock`, taken);
  const certificate = await makeCertificate(rig.dir, ["localhost", "large.localhost"]);
  const front = await rig.expose("", { certificate });
  await readWhole(rig, "https");
  const before = memoryOf(front.pid);
  const caCerts = [Deno.readTextFileSync(certificate.cert)];
  const connect = (...alpnProtocols: string[]) =>
    Deno.connectTls({ hostname: "localhost", port: rig.port, caCerts, alpnProtocols });
  using one = await connect("http/1.1"), two = await connect("h2");
  await one.write(new TextEncoder().encode(requestText("/h1", "large")));
  await two.write(streamRequest("large.localhost"));
  await until("both have begun", () => taken.has("/h1") && taken.has("/h2"));
  await readWhole(rig, "https");
  assertHeld(front, before, taken, ["/h1", "/h2"]);
});

/** Calls `look` with each frame's kind, and its error if it resets a stream, until the connection ends. */
async function readFrames(connection: Deno.Conn, look: (kind: number, error: number) => void, skip = 0): Promise<void> {
  let bytes = new Uint8Array();
  for await (const part of connection.readable) {
    bytes = bytes.length === 0 ? part : new Uint8Array([...bytes, ...part]);
    let at = skip;
    for (
      let size = 0;
      (size = 9 + (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0)) <= bytes.length - at;
      at += size
    ) {
      look(bytes[at + 3] ?? 0, bytes[at + 12] ?? 0);
    }
    if (at > skip) [bytes, skip] = [bytes.slice(at), 0];
  }
}

/** A server of HTTP/2 that never answers, and reports each request. */
async function serveNothing(listener: Deno.UnixListener, asked: () => void): Promise<void> {
  for await (const connection of listener) {
    await connection.write(new Uint8Array([...SETTINGS, ...SETTINGS_ACK]));
    readFrames(connection, (kind) => kind === 1 && asked(), PREFACE.length).catch(() => {});
  }
}

const STREAMS = { most: 4_096, ofClient: 100 };
const REFUSED_STREAM = 7;

testFront(
  "expose --http: 4,096 streams of all clients are open, further ones are refused",
  async (rig) => {
    Deno.mkdirSync(`${rig.dir}/r/unsock/mute`, { mode: 0o700 });
    using listener = Deno.listen({ transport: "unix", path: `${rig.dir}/r/unsock/mute/3000.sock` });
    let [asked, refused] = [0, 0];
    void serveNothing(listener, () => asked++);
    await rig.expose();
    const host = "mute.localhost";
    const fields = new Uint8Array([0x82, 0x84, 0x86, 0x41, host.length, ...text(host)]);
    await using clients = new AsyncDisposableStack();
    const connect = async (streams: number) => {
      const connection = await rig.connect();
      const requests = Array.from({ length: streams }, (_, i) => {
        return [...frame(1, 5, 0, fields).with(7, (2 * i + 1) >> 8).with(8, (2 * i + 1) & 255)];
      });
      await connection.write(new Uint8Array([...text(PREFACE), ...SETTINGS, ...requests.flat()]));
      const end = readFrames(connection, (kind, error) => kind === 3 && error === REFUSED_STREAM && refused++).catch(
        () => {},
      );
      return async () => (connection.close(), await end);
    };
    const first = await connect(STREAMS.ofClient);
    for (let open = STREAMS.ofClient; open < STREAMS.most; open += STREAMS.ofClient) {
      clients.defer(await connect(STREAMS.ofClient));
    }
    const counts = () => `${asked} asked, ${refused} refused`;
    const more = STREAMS.ofClient - STREAMS.most % STREAMS.ofClient;
    await until("all but a few are open", () => counts() === `${STREAMS.most} asked, ${more} refused`);
    await first();
    await until("there is room again", async () => {
      const before = { asked, all: asked + refused };
      clients.defer(await connect(1));
      await until("it is taken or refused", () => asked + refused > before.all);
      return asked > before.asked;
    });
  },
  true,
  RUNTIMES.slice(0, 1), // no runtime counts by itself
);
