/** Costs of a connect by a control file, which is followed as it is at that moment, though it is cached. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { controlFile, sockaddrInet, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const PORT = 2000;

/** A file that has changed a moment ago is read each time: it may change again within one tick of its clock. */
const SETTLED_MS = 2_100;

/** Checks that the file is the known one, and its owner. Root's is trusted by everybody. */
const LOOK = Deno.uid() === 0 ? ["statx"] : ["statx", "geteuid"];

/** Checks that the socket and the file are the known ones. For another family the socket is exchanged. */
const TO_INET = ["getsockname", "getsockopt", ...LOOK, "connect"];
const TO_UNIX = [...LOOK, "fcntl", "socket", "fcntl", "dup3", "close", "connect"];

/** Says its name to whoever connects. */
function greet(name: string, listener: Deno.Listener): Disposable {
  (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode(`${name}\n`)).catch(() => {});
      connection.close();
    }
  })();
  return { [Symbol.dispose]: () => listener.close() };
}

function inet(name: string): Disposable & { dest: Uint8Array } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { dest: sockaddrInet("127.0.0.1", listener.addr.port), ...greet(name, listener) };
}

function unix(name: string, path: string): Disposable & { dest: Uint8Array } {
  return { dest: sockaddrUnix(path), ...greet(name, Deno.listen({ transport: "unix", path })) };
}

/** The client, which is told letters and answers with lines; strace writes what it calls to `log`. */
class Client implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(program: string, dir: string, log: string) {
    const variables = Object.entries(libraryEnv(dir)).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
    const args = ["-f", "-q", "-o", log, ...variables, program, `${PORT}`];
    this.#child = new Deno.Command("strace", { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async tell(letter: string): Promise<string> {
    await this.#writer.write(new TextEncoder().encode(letter));
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      assert(!done, "the client has ended");
      this.#rest += value;
    }
    const [line = "", ...rest] = this.#rest.split("\n");
    this.#rest = rest.join("\n");
    return line.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#lines.cancel();
    await this.#child.status;
  }
}

/** The calls of each connect between its marks, each process for itself: a parent's wait may stand between its child's. */
function readConnects(log: string): string[][] {
  const connects: string[][] = [];
  const open = new Map<string, string[]>();
  for (const line of log.split("\n")) {
    const side = line.match(/faccessat\(AT_FDCWD, "\/(begin|end)\//)?.[1];
    const [, pid, call] = line.match(/^(\d+) +(\w+)\(/) ?? [];
    if (pid === undefined || call === undefined) continue;
    if (side === "begin") {
      const calls: string[] = [];
      connects.push(calls);
      open.set(pid, calls);
    } else if (side === "end") open.delete(pid);
    else open.get(pid)?.push(call);
  }
  return connects;
}

/** A directory whose control file leads to `dest`, old enough to be remembered, and the client. */
async function withClient(
  dest: (base: string) => Uint8Array,
  fn: (client: Client, file: string, log: () => string[][]) => Promise<void>,
): Promise<void> {
  await withDir(async (base) => {
    const [program, log, dir] = ["targets", "log", "s"].map((name) => join(base, name));
    assert(program && log && dir);
    const source = join(import.meta.dirname ?? ".", "targets.c");
    const flags = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-pthread"];
    assertEquals((await run(["cc", ...flags, "-o", program, source])).stderr, "");
    await Deno.mkdir(dir);
    const file = join(dir, `${PORT}.sock`);
    await Deno.writeFile(file, controlFile({ dest: dest(base) }), { mode: 0o644 });
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    await using client = new Client(program, dir, log);
    await fn(client, file, () => readConnects(Deno.readTextFileSync(log)));
  });
}

async function replace(file: string, dest: Uint8Array): Promise<void> {
  await Deno.writeFile(`${file}.new`, controlFile({ dest }));
  await Deno.rename(`${file}.new`, file);
}

Deno.test({
  name: "a connect by a control file checks whether the file has changed, and follows a new one at once",
  ignore: !need("strace", "cc"),
  async fn() {
    using one = inet("one");
    using other = inet("other");
    await withClient(() => one.dest, async (client, file, connects) => {
      for (let i = 0; i < 3; i++) assertStrictEquals(await client.tell("c"), "one");
      assertStrictEquals(await client.tell("f"), "one", "a forked child");
      // A child looks for its ports elsewhere than its parent does.
      assertEquals(connects().slice(1), [TO_INET, TO_INET, [...TO_INET, "getpid"]]);
      await replace(file, other.dest);
      assertStrictEquals(await client.tell("c"), "other", "renamed over it");
      await Deno.writeFile(file, controlFile({ dest: one.dest }));
      assertStrictEquals(await client.tell("c"), "one", "written into it");
      const threads = client.tell("t");
      for (let i = 0; i < 20; i++) await replace(file, i % 2 ? one.dest : other.dest);
      assertEquals((await threads).split(" ").filter((name) => name !== "one" && name !== "other"), []);
      await Deno.remove(file);
      assertStrictEquals(await client.tell("c"), "ECONNREFUSED", "removed");
    });
  },
});

Deno.test({
  name: "a remembered control file is refused once it belongs to another user, or is no control file any more",
  ignore: !need("strace", "cc") || Deno.uid() !== 0,
  async fn() {
    let server: Disposable | undefined;
    const serve = (base: string) => {
      const made = unix("unix", `${base}/server`);
      server = made;
      return made.dest;
    };
    await withClient(serve, async (client, file, connects) => {
      for (let i = 0; i < 4; i++) assertStrictEquals(await client.tell("c"), "unix");
      assertEquals(connects().slice(2), [TO_UNIX, TO_UNIX]);
      await Deno.chown(file, 65534, 65534);
      assertStrictEquals(await client.tell("c"), "EACCES");
      await Deno.chown(file, 0, 0);
      assertStrictEquals(await client.tell("c"), "unix");
      await Deno.truncate(file, 451);
      assertStrictEquals(await client.tell("c"), "EINVAL");
    });
    server?.[Symbol.dispose]();
  },
});
