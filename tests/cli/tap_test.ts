/** `unsock tap`: what passes through a port, while strace is attached to the server, and that it leaves no trace. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { unsockForEverybody } from "../support/everybody.ts";
import { withDir } from "../support/dir.ts";
import { type Proc, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { findProgram, need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { tracerOf } from "../../lib/tap/servers.ts";
import { assertFails, testedLibrary, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);
const SCOPE = "/proc/sys/kernel/yama/ptrace_scope";

/** Only root may trace, where the kernel restricts it. */
function mayTrace(): boolean {
  try {
    return Deno.uid() === 0 || Deno.readTextFileSync(SCOPE).trim() === "0";
  } catch {
    return true; // a kernel without that restriction
  }
}

const ignore = !need("strace", "python3") || !mayTrace();

/** A command in a directory of sockets. */
function inside(dir: string, command: string[]): string[] {
  return [libraryFile(), "run", "--dir", `${dir}/s`, "--", ...command];
}

function python(dir: string, program: string, ...args: string[]): string[] {
  return inside(dir, ["python3", "-c", programText(program), ...args]);
}

/** Waits until a server listens at a port. */
async function listening(dir: string, ...ports: string[]): Promise<void> {
  const { code, stderr } = await run([libraryFile(), "wait", "--dir", `${dir}/s`, "--timeout", "60", ...ports]);
  assertStrictEquals(code, 0, stderr);
}

/** Starts a tap and waits until it is attached. */
async function startTap(dir: string, ...words: string[]): Promise<Proc> {
  const env = testedLibrary();
  const tap = start([...unsockCommand(), "tap", "--dir", `${dir}/s`, ...words], { env });
  await until("it is attached", () => /\(Ctrl-C ends\)/.test(tap.output()), 60_000);
  return tap;
}

/** Ends a tap by Ctrl-C, and returns its output. */
async function interrupt(tap: Proc): Promise<string> {
  Deno.kill(tap.pid, "SIGINT");
  const { code, stdout, stderr } = await tap.result(60_000);
  assertStrictEquals(code, 0, stderr);
  return stdout;
}

/** A client that says a line when it is told to. */
class Talker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor([program = "", ...args]: string[]) {
    this.#child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Returns the next line of its output. */
  async line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#reader.read();
      assert(!done, "it has ended");
      this.#text += value;
    }
    const [line = "", ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return line;
  }

  async say(line: string): Promise<string> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    return await this.line();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#child.status;
  }
}

Deno.test({
  name: "tap shows both directions, of a connection that was there before and of new ones; Ctrl-C leaves all as it was",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using server = start(python(dir, "forking", "8000"));
      await listening(dir, "8000");
      await using old = new Talker(python(dir, "talker", "8000"));
      const first = await old.line();
      await old.say("before");
      await using tap = await startTap(dir, "8000");
      assert(tracerOf(server.pid) !== 0);
      assertStrictEquals(await old.say("during"), "7");
      {
        await using young = new Talker(python(dir, "talker", "8000"));
        const second = await young.line();
        assertStrictEquals(await young.say("\x1b[31m"), "6");
        await until("it is shown", () => tap.output().includes(`:${second} 6 bytes`));
        const plain = await run(["python3", "-c", programText("plain"), `${dir}/s/8000.sock`]);
        assertStrictEquals(plain.stdout, "PLAIN");
      }
      await until("its end is shown", () => tap.output().split("ends\n").length > 3);
      const shown = await interrupt(tap);
      assertMatch(shown, new RegExp(`^[\\d:.]+ 127.0.0.1:${first} > 127.0.0.1:8000 7 bytes\n  during\n`));
      assertMatch(shown, new RegExp(`^[\\d:.]+ 127.0.0.1:8000 > 127.0.0.1:${first} 7 bytes\n  DURING\n`, "m"));
      assertMatch(shown, /127\.0\.0\.1:\d+ > 127\.0\.0\.1:8000 connects\n.* 6 bytes\n {2}\\x1b\[31m\n/);
      assertMatch(shown, /5 bytes\n {2}plain\n.* 5 bytes\n {2}PLAIN\n/);
      assertStrictEquals(tracerOf(server.pid), 0);
      assertStrictEquals(await old.say("afterwards"), "11");
    }),
});

Deno.test({
  name: "a tap that is killed, or whose output nobody reads, stops no connection; the next server is shown, too",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using server = start(python(dir, "forking", "8000", "once"));
      await listening(dir, "8000");
      const command = [...unsockCommand(), "tap", "--dir", `${dir}/s`, "8000", "--pcap", "-"];
      const unread = ["python3", "-c", programText("unread"), ...command];
      {
        await using tap = start(unread, { env: testedLibrary() });
        await until("it is attached", () => /\(Ctrl-C ends\)/.test(tap.output()), 60_000);
        await using flood = new Talker(python(dir, "flood", "8000"));
        assertStrictEquals(await flood.line(), "ready");
        assertStrictEquals(await flood.say(`${6 << 20}`), "all");
      }
      await using tap = await startTap(dir, "8000");
      await using talker = new Talker(python(dir, "talker", "8000"));
      await talker.line();
      await talker.say("one");
      Deno.kill(tap.pid, "SIGKILL");
      await tap.status;
      // strace ends when it has to write the next line.
      await until("nobody traces", async () => await talker.say("two") === "4" && tracerOf(server.pid) === 0);
    }),
});

Deno.test({
  name: "a tap goes on with the port's next server",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      const serve = () => start(inside(dir, ["python3", "-m", "http.server", "8000"]), { cwd: dir });
      const ask = () => run(inside(dir, ["python3", "-c", programText("fetch"), "http://127.0.0.1:8000/"]));
      let tap: Proc | undefined;
      {
        await using _first = serve();
        await listening(dir, "8000");
        tap = await startTap(dir, "8000");
      }
      await using running = tap;
      await using _second = serve();
      await listening(dir, "8000");
      await until("it is attached", () => running.output().split("(Ctrl-C ends)").length === 3, 60_000);
      await ask();
      assertMatch(await interrupt(running), /GET \/ HTTP\/1\.1\n/);
    }),
});

Deno.test({
  name: "tap reads a static program's connections, whose calls are rewritten or trapped",
  ignore: ignore || !need("busybox"),
  fn: () =>
    withDir(async (dir) => {
      const server = [findProgram("busybox") ?? "", "httpd", "-f", "-p", "127.0.0.1:8000", "-h", dir];
      await Deno.writeTextFile(`${dir}/page`, "the page\n");
      await using _server = start(inside(dir, server));
      await listening(dir, "8000");
      await using tap = await startTap(dir, "8000");
      const { stdout } = await run(inside(dir, ["python3", "-c", programText("fetch"), "http://127.0.0.1:8000/page"]));
      assertStrictEquals(stdout, "the page\n");
      const shown = await interrupt(tap);
      assertMatch(shown, /^ {2}GET \/page HTTP\/1\.1\n/m);
      assertMatch(shown, /^ {2}HTTP\/1\.[01] 200 OK\n/m);
    }),
});

Deno.test({
  name: "tap says what is missing: a server, the rights, a file that can be written",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/s`);
      const tap = (words: string[]) => unsock(["tap", "--dir", `${dir}/s`, ...words]);
      assertFails(await tap(["8000"]), 1, /no server has port 8000 in \S+\/s: unsock ls --all 8000/);
      assertFails(await tap(["x"]), 2, /"x"|'x'/);
      assertFails(await unsock(["tap"]), 2, /PORT/);
      await using _server = start(python(dir, "forking", "8000"));
      await listening(dir, "8000");
      assertFails(await tap(["8000", "--pcap", `${dir}/none/x`]), 1, /--pcap: .*No such file or directory/);
      if (whyNoOtherUser() !== undefined) return;
      for (const open of [dir, `${dir}/s`]) Deno.chmodSync(open, 0o755);
      await Deno.mkdir(`${dir}/e`);
      const command = [await unsockForEverybody(`${dir}/e`), "tap", "--dir", `${dir}/s`, "8000"];
      const refused = await run(asNobody(command), { cwd: "/", env: { HOME: dir } });
      assertFails(refused, 1, /the server is another user's process: sudo unsock tap/);
    }),
});

/** The lines of tshark about a file. */
async function decode(file: string, ...words: string[]): Promise<string> {
  const { stdout, stderr, code } = await run(["tshark", "-r", file, ...words]);
  assertStrictEquals(code, 0, stderr);
  return stdout;
}

const HTTP = ["-d", "tcp.port==8000,http"];
const CHECKSUMS = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];

Deno.test({
  name: "tshark decodes what tap --pcap writes: HTTP, with the true addresses and right checksums",
  ignore: ignore || !need("tshark"),
  fn: () =>
    withDir(async (dir) => {
      await using _server = start(inside(dir, ["python3", "-m", "http.server", "8000"]), { cwd: dir });
      await listening(dir, "8000");
      await Deno.writeFile(`${dir}/large`, new Uint8Array(300_000));
      await using tap = await startTap(dir, "8000", "--pcap", `${dir}/x.pcapng`);
      await run(inside(dir, ["python3", "-c", programText("fetch"), "http://127.0.0.1:8000/large"]));
      await interrupt(tap);
      const fields = ["ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "http.request.uri", "http.response.code"];
      const shown = ["-Y", "http", "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
      const [asked = "", answered = ""] = (await decode(`${dir}/x.pcapng`, ...HTTP, ...shown)).split("\n");
      assertMatch(asked, /^127\.0\.0\.1\t\d+\t127\.0\.0\.1\t8000\t\/large\t$/);
      assertMatch(answered, /^127\.0\.0\.1\t8000\t127\.0\.0\.1\t\d+\t(\/large)?\t200$/);
      assertStrictEquals(await decode(`${dir}/x.pcapng`, ...CHECKSUMS, "-Y", "_ws.expert.severity >= warning"), "");
      assertStrictEquals((Deno.statSync(`${dir}/x.pcapng`).mode ?? 0) & 0o777, 0o600);
    }),
});

Deno.test({
  name: "tshark decodes what tap --pcap writes: DNS, by UDP and by TCP",
  ignore: ignore || !need("tshark", "dnsmasq", "dig"),
  fn: () =>
    withDir(async (dir) => {
      const options = ["--no-resolv", "--no-hosts", "--address=/example.test/10.1.2.3", "--pid-file=", "--user="];
      await using _server = start(inside(dir, [
        findProgram("dnsmasq") ?? "",
        "-k",
        "-C",
        "/dev/null",
        "-p",
        "5353",
        ...options,
      ]));
      await listening(dir, "5353", "5353/udp");
      const captured: string[] = [];
      for (const [port, how] of [["5353/udp", "+notcp"], ["5353", "+tcp"]] as const) {
        const file = `${dir}/${how}.pcapng`;
        await using tap = await startTap(dir, port, "--pcap", file);
        await run(inside(dir, ["dig", how, "@127.0.0.1", "-p", "5353", "www.example.test", "+short"]));
        await interrupt(tap);
        const kind = how === "+tcp" ? "tcp" : "udp";
        const fields = ["-Y", "dns", "-T", "fields", "-e", `${kind}.srcport`, "-e", "dns.qry.name", "-e", "dns.a"];
        captured.push(await decode(file, "-d", `${kind}.port==5353,dns`, ...CHECKSUMS, ...fields));
        assertStrictEquals(await decode(file, ...CHECKSUMS, "-Y", "_ws.expert.severity >= error"), "");
      }
      for (const text of captured) {
        assertMatch(text, /^\d+\twww\.example\.test\t\n5353\twww\.example\.test\t10\.1\.2\.3\n$/);
      }
    }),
});

Deno.test({
  name: "tshark decodes what tap --pcap writes: redis",
  ignore: ignore || !need("tshark", "redis-server", "redis-cli"),
  fn: () =>
    withDir(async (dir) => {
      await using _server = start(inside(dir, ["redis-server", "--port", "6379", "--save", ""]), { cwd: dir });
      await listening(dir, "6379");
      await using tap = await startTap(dir, "6379", "--pcap", `${dir}/x.pcapng`);
      await run(inside(dir, ["redis-cli", "set", "greeting", "hello"]));
      await interrupt(tap);
      const shown = await decode(`${dir}/x.pcapng`);
      assertMatch(shown, /RESP \d+ .*set greeting hello/);
      assertMatch(shown, /RESP \d+ .*OK/);
    }),
});

Deno.test({
  name: "tshark decodes what tap --pcap writes: PostgreSQL, to standard output",
  ignore: ignore || !need("tshark", "postgres", "initdb", "psql") || whyNoOtherUser() !== undefined,
  fn: () =>
    withDir(async (dir) => {
      for (const open of [dir, `${dir}/s`, `${dir}/data`]) await Deno.mkdir(open, { recursive: true });
      Deno.chmodSync(dir, 0o755);
      for (const own of [`${dir}/s`, `${dir}/data`]) await Deno.chown(own, 65534, 65534);
      const initdb = findProgram("initdb") ?? "";
      const made = await run(asNobody([initdb, "-D", `${dir}/data`, "-A", "trust", "-U", "shop", "-N"]), { cwd: "/" });
      assertStrictEquals(made.code, 0, made.stderr);
      const postgres = [initdb.replace(/initdb$/, "postgres"), "-D", `${dir}/data`, "-k", ""];
      await using _server = start(asNobody(inside(dir, [...postgres, "-c", "listen_addresses=127.0.0.1"])), {
        cwd: "/",
      });
      await listening(dir, "5432");
      const tap = [...unsockCommand(), "tap", "--dir", `${dir}/s`, "5432", "--pcap", "-"].join(" ");
      await using piped = start(["sh", "-c", `${tap} | tshark -l -r - -Y pgsql -T fields -e pgsql.query`], {
        env: testedLibrary(),
      });
      await until("it is attached", () => /\(Ctrl-C ends\)/.test(piped.output()), 60_000);
      const psql = ["psql", "-h", "127.0.0.1", "-U", "shop", "-c", "select 6 * 7 as answer", "postgres"];
      const { stdout, stderr } = await run(inside(dir, psql), { env: { PGSSLMODE: "disable" } });
      assertMatch(stdout, /^ +42$/m, stderr);
      await until("it is decoded", () => /^select 6 \* 7 as answer$/m.test(piped.output()), 60_000);
    }),
});
