/** `unsock expose` of a guest's port behind Firecracker's multiplexer: whoever waits for a guest keeps nobody waiting. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { firecrackerFile } from "../support/control.ts";
import { type Behaviour, guestIn, Multiplexer } from "../support/multiplexer.ts";
import { withDir } from "../support/dir.ts";
import { ownPort } from "../support/own_port.ts";
import { type Proc, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { assertFails, byLibrary, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const PORT = 2000;
const GUEST_PORT = 5678;
const LARGE = 4 << 20;
const LONG_MS = 60_000;
const SHORT_MS = 300;
const MANY = 8;

/** A directory whose ports lead to multiplexers, and what leads there. */
class Rig implements AsyncDisposable {
  readonly dir: string;
  readonly #held = new AsyncDisposableStack();

  constructor(dir: string) {
    this.dir = dir;
    Deno.mkdirSync(`${dir}/guest`);
    Deno.mkdirSync(`${dir}/host/unsock`, { recursive: true, mode: 0o700 });
    Deno.chmodSync(`${dir}/host`, 0o700);
  }

  get sockets(): string {
    return `${this.dir}/host/unsock`;
  }

  guest(behaviour: Behaviour | "faithful" | "slow", port = PORT): Multiplexer {
    const path = `${this.dir}/${port}.v.sock`;
    const whole = typeof behaviour === "string"
      ? { kind: behaviour, guest: guestIn(`${this.dir}/guest`) } as const
      : behaviour;
    Deno.writeFileSync(`${this.sockets}/${port}.sock`, firecrackerFile(path, GUEST_PORT));
    return this.#held.use(new Multiplexer(path, whole));
  }

  /** A server of the guest's. */
  serve(answer: (connection: Deno.Conn) => Promise<void>): void {
    const listener = Deno.listen({ transport: "unix", path: `${this.dir}/guest/${GUEST_PORT}.sock` });
    const served = (async () => {
      const all: Promise<void>[] = [];
      for await (const connection of listener) {
        // The client reports errors from here.
        all.push(answer(connection).catch(() => {}).finally(() => connection.close()));
      }
      await Promise.all(all);
    })();
    this.#held.defer(async () => {
      listener.close();
      await served;
    });
  }

  async expose(words: string[], timeout: number, command = [libraryFile()]): Promise<Exposed> {
    const env = { XDG_RUNTIME_DIR: `${this.dir}/host`, UNSOCK_CONNECT_TIMEOUT_MS: `${timeout}` };
    const proc = this.#held.use(start([...command, "expose", ...words], { env }));
    const lines = words.length;
    await until("it is there", () => proc.output().split("\n").length > lines);
    return new Exposed(proc);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

class Exposed {
  readonly #proc: Proc;
  readonly #before: number;

  constructor(proc: Proc) {
    this.#proc = proc;
    this.#before = this.#descriptors();
  }

  port(number = 0): number {
    return Number([...this.#proc.output().matchAll(/:(\d+)(?:\/ \(| leads )/g)][number]?.[1]);
  }

  connect(number = 0): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port(number) });
  }

  /** Returns a client's answer to this text. */
  async ask(text: string, number = 0): Promise<string> {
    try {
      using connection = await this.connect(number);
      await connection.write(encoder.encode(text));
      return decoder.decode(await readAll(connection));
    } catch (error) {
      const resets = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe, Deno.errors.NotConnected];
      if (resets.some((reset) => error instanceof reset)) return "(reset)";
      throw error;
    }
  }

  /** Waits until all connections' descriptors are closed. Pipes are kept for later connections. */
  async isEmpty(): Promise<true> {
    return await until("all are closed", () => this.#descriptors() === this.#before);
  }

  #descriptors(): number {
    const place = `/proc/${this.#proc.pid}/fd`;
    return [...Deno.readDirSync(place)].filter(({ name }) => isSocket(`${place}/${name}`)).length;
  }
}

function isSocket(path: string): boolean {
  try {
    return Deno.readLinkSync(path).startsWith("socket:");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false; // It was closed meanwhile.
    throw error;
  }
}

async function readAll(connection: Deno.Conn, most = Infinity): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [], buffer = new Uint8Array(65536);
  let size = 0;
  while (size < most) {
    const count = await connection.read(buffer);
    if (count === null) break;
    parts.push(buffer.slice(0, count));
    size += count;
  }
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** @returns How many bytes of a request's body came: `most`, unless the connection ended. */
async function countBody(connection: Deno.Conn, most: number): Promise<number> {
  let request = "", part: string, size: number;
  do {
    part = decoder.decode(await readAll(connection, 1));
    request += part;
    size = request.length - request.indexOf("\r\n\r\n") - 4;
  } while (part !== "" && (size < most || !request.includes("\r\n\r\n")));
  return size;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

/** Says in upper case what it hears. */
async function shout(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1000);
  const count = await connection.read(buffer) ?? 0;
  await writeAll(connection, encoder.encode(decoder.decode(buffer.subarray(0, count)).toUpperCase()));
}

const withRig = (fn: (rig: Rig) => Promise<void>) =>
  withDir(async (dir) => {
    await using rig = new Rig(dir);
    await fn(rig);
  });

Deno.test("expose: a client reaches a guest's server, whose multiplexer's answer it never sees", () =>
  withRig(async (rig) => {
    rig.serve(shout);
    const faithful = rig.guest("faithful");
    rig.guest("slow", PORT + 1);
    rig.guest({ kind: "eager", text: "first of all " }, PORT + 2);
    const exposed = await rig.expose([`${PORT}=0`, `${PORT + 1}=0`, `${PORT + 2}=0`], LONG_MS);
    assertStrictEquals(await exposed.ask("question"), "QUESTION");
    assertStrictEquals(await exposed.ask("in pieces", 1), "IN PIECES");
    assertStrictEquals(await exposed.ask("echo", 2), "first of all echo", "right behind the line");
    assertEquals(faithful.requests, [`CONNECT ${GUEST_PORT}\n`]);
    await exposed.isEmpty();
  }));

Deno.test("expose: a client that waits for a stopped guest delays no other client, and is reset after its time-out", () =>
  withRig(async (rig) => {
    rig.serve(shout);
    const still = rig.guest({ kind: "silent" });
    rig.guest({ kind: "trickling" }, PORT + 1);
    rig.guest("faithful", PORT + 2);
    const words = [`${PORT}=0`, `${PORT + 1}=0`, `${PORT + 2}=0`];
    {
      const exposed = await rig.expose(words, LONG_MS);
      const waiting = await Promise.all(Array.from({ length: MANY }, () => exposed.connect()));
      await until("the guest is asked", () => still.requests.length === MANY);
      for (const text of ["a", "b"]) assertStrictEquals(await exposed.ask(text, 2), text.toUpperCase());
      for (const one of waiting) one.close();
    }
    const exposed = await rig.expose(words, SHORT_MS);
    const all = Array.from({ length: 2 * MANY }, (_, index) => exposed.ask("x", index % 2));
    assertEquals(await Promise.all(all), all.map(() => "(reset)"));
    await exposed.isEmpty();
  }));

Deno.test("expose: a client that the multiplexer refuses is reset, and the next one reaches a server that has started", () =>
  withRig(async (rig) => {
    const behaviours: Behaviour[] = [{ kind: "refusing" }, { kind: "resetting" }, { kind: "cut", text: "OK 1" }];
    for (const text of ["NO\n", "OK\n", "OK 1 2\n", `OK ${"1".repeat(40)}`]) behaviours.push({ kind: "saying", text });
    behaviours.forEach((behaviour, index) => void rig.guest(behaviour, PORT + index));
    Deno.writeFileSync(`${rig.sockets}/99.sock`, firecrackerFile(`${rig.dir}/99.v.sock`, GUEST_PORT));
    const words = ["99=0", ...behaviours.map((_, index) => `${PORT + index}=0`)];
    const exposed = await rig.expose(words, LONG_MS);
    for (const index of words.keys()) assertStrictEquals(await exposed.ask("x", index), "(reset)", words[index]);
    rig.serve(shout);
    rig.guest("faithful", 99);
    assertStrictEquals(await exposed.ask("x"), "X");
    await exposed.isEmpty();
  }));

Deno.test({
  name: "expose: connects again to a multiplexer whose backlog is full",
  ignore: !need("python3"),
  fn: () =>
    withRig(async (rig) => {
      const path = `${rig.dir}/v.sock`;
      Deno.writeFileSync(`${rig.sockets}/${PORT}.sock`, firecrackerFile(path, GUEST_PORT));
      const command = new Deno.Command("python3", {
        args: ["-c", programText("full"), path],
        stdin: "piped",
        stdout: "piped",
      });
      await using multiplexer = command.spawn();
      const output = multiplexer.stdout.getReader();
      await output.read();
      const exposed = await rig.expose([`${PORT}=0`], LONG_MS);
      const clients = Array.from({ length: MANY }, () => exposed.ask("x"));
      const input = multiplexer.stdin.getWriter();
      await input.write(encoder.encode("\n"));
      assertEquals(await Promise.all(clients), clients.map(() => "hello"));
      await exposed.isEmpty();
      await input.close();
      await output.cancel();
      multiplexer.kill("SIGKILL");
    }),
});

Deno.test("expose: megabytes are whole in both directions at once through a multiplexer", () =>
  withRig(async (rig) => {
    const [question, answer] = [randomBytes(LARGE), randomBytes(LARGE)];
    const heard: Uint8Array[] = [];
    rig.serve(async (connection) => {
      const [all] = await Promise.all([readAll(connection, LARGE), writeAll(connection, answer)]);
      heard.push(all);
    });
    rig.guest("faithful");
    const exposed = await rig.expose([`${PORT}=0`], LONG_MS);
    {
      using connection = await exposed.connect();
      const [all] = await Promise.all([readAll(connection), writeAll(connection, question)]);
      const hash = async (bytes: Uint8Array) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
      assertEquals(await hash(all), await hash(answer));
      assertEquals(await hash(heard[0] ?? new Uint8Array()), await hash(question));
    }
    await exposed.isEmpty();
  }));

Deno.test("expose: a client's half-close keeps its answer, and a control file can have it passed on", () =>
  withRig(async (rig) => {
    rig.serve(async (connection) => {
      const buffer = new Uint8Array(100);
      const isPassed = await connection.read(buffer) === "passed".length;
      const end = connection.read(buffer).then(() => "ended", () => "failed");
      // A held half-close is not visible here; the answer after 50 ms most likely comes after it.
      const held = new Promise<string>((resolve) => setTimeout(resolve, 50, "answer"));
      await writeAll(connection, encoder.encode(await (isPassed ? end : Promise.race([end, held]))));
    });
    rig.guest("faithful");
    const others = [
      ["--fc-sock", `${rig.dir}/${PORT}.v.sock`, "--vsock-port", `${GUEST_PORT}`, "--half-close", "pass"],
      ["--unix", `${rig.dir}/guest/${GUEST_PORT}.sock`, "--half-close", "hold"],
    ];
    for (const [number, words] of others.entries()) {
      const file = `${rig.sockets}/${PORT + 1 + number}.sock`;
      const made = await unsock(["make-control", file, ...words]);
      assertStrictEquals(made.code, 0, made.stderr);
    }
    const exposed = await rig.expose([`${PORT}=0`, `${PORT + 1}=0`, `${PORT + 2}=0`], LONG_MS);
    const answers = [["held", "answer"], ["passed", ""], ["held", "answer"]] as const;
    for (const [number, [question, answer]] of answers.entries()) {
      using connection = await exposed.connect(number);
      await connection.write(encoder.encode(question));
      await connection.closeWrite();
      assertStrictEquals(decoder.decode(await readAll(connection)), answer);
    }
    await exposed.isEmpty();
  }));

Deno.test("expose refuses a time for a guest's answer that is none", () =>
  withDir(async (dir) => {
    const env = { UNSOCK_CONNECT_TIMEOUT_MS: "5s" };
    const refused = await byLibrary(["expose", "--dir", dir, `${PORT}=0`], { env });
    assertFails(refused, 1, /^unsock: UNSOCK_CONNECT_TIMEOUT_MS: must be milliseconds/);
  }));

/** The kernel keeps closed connections for a second here, not for a minute. */
const FORGET_SOON = `ip link set lo up && echo 1 >/proc/sys/net/ipv4/tcp_fin_timeout && exec "$@"`;
const alone = ["unshare", Deno.uid() === 0 ? "-n" : "-Urn", "sh", "-c", FORGET_SOON, "sh"];

Deno.test({
  name: "expose: a held half-close keeps its connection while the client is connected, and is dropped with the client",
  ignore: !need("unshare", "ip", "python3") || (await run([...alone, "true"])).code !== 0,
  fn: () =>
    withRig(async (rig) => {
      const gone = Promise.withResolvers<void>();
      rig.serve(async (connection) => {
        const buffer = new Uint8Array(100);
        const isAsked = await connection.read(buffer) === "ask".length;
        if (!isAsked) await writeAll(connection, encoder.encode("gone"));
        const end = connection.read(buffer);
        await (isAsked ? Promise.race([gone.promise, end]) : end.finally(gone.resolve));
        if (isAsked) await writeAll(connection, encoder.encode("answer"));
      });
      rig.guest("faithful");
      const both = `"$0" expose --dir "$1" ${PORT} & python3 -c "$2" ${PORT} $!; kill $!`;
      const command = [...alone, "sh", "-c", both, libraryFile(), rig.sockets, programText("client_gone")];
      const { stdout, stderr } = await run(command, { timeoutMs: 100_000 });
      assertMatch(stdout, /^\S+ leads to \S+\ngone\nanswer\n1 listens\n$/, stderr);
    }),
});

Deno.test("expose --all follows a guest's port, too", () =>
  withRig(async (rig) => {
    using own = ownPort();
    rig.serve(shout);
    rig.guest("faithful", own.port);
    const exposed = await rig.expose(["--all"], LONG_MS);
    assertStrictEquals(exposed.port(), own.port);
    assertStrictEquals(await exposed.ask("x"), "X");
    await exposed.isEmpty();
  }));

Deno.test({
  name: "expose --http reaches a guest's web server, and reports a guest that does not answer",
  ignore: !need("curl"),
  fn: () =>
    withRig(async (rig) => {
      const body = "x".repeat(LARGE);
      rig.serve(async (connection) => {
        const size = await countBody(connection, LARGE);
        await writeAll(connection, encoder.encode(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${size} ${body}`));
      });
      rig.guest("faithful");
      rig.guest({ kind: "refusing" }, PORT + 1);
      rig.guest({ kind: "silent" }, PORT + 2);
      const exposed = await rig.expose(["--http=0"], LONG_MS, unsockCommand());
      const impatient = await rig.expose(["--http=0"], SHORT_MS, unsockCommand());
      const ask = (one: Exposed, port: number, ...more: string[]) =>
        run(["curl", "-sS", "--max-time", "60", ...more, `http://${port}.unsock.localhost:${one.port()}/`]);
      Deno.writeTextFileSync(`${rig.dir}/body`, body);
      const post = ["-H", "Expect:", "--data-binary", `@${rig.dir}/body`];
      const { stdout, stderr } = await ask(exposed, PORT, ...post);
      assert(stdout === `${LARGE} ${body}`, stderr);
      for (const more of [[], post]) {
        for (const [one, port] of [[exposed, PORT + 1], [impatient, PORT + 2]] as const) {
          const { stdout, stderr } = await ask(one, port, "-i", ...more);
          assertMatch(stdout, /^HTTP\/1\.1 502 [^]*closed the connection without an answer/, stderr);
        }
      }
    }),
});
