/** Shared by the tests of `expose --http`: a user's loopbacks, and the port that shows them all, on Deno or Node.js. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { type Proc, run, type RunResult, start } from "../support/process.ts";
import { findProgram, need, skipWithout } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import type { FrontOptions } from "../../lib/expose/front.ts";
import type { CertificateFiles } from "../../lib/expose/certificate.ts";
import { testedLibrary, unsockCommand } from "./unsock.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const DEVELOPMENT = join(HERE, "dev_server.py");
const SERVERS = join(HERE, "http_servers.py");

export const ignore = !need("python3", "curl");

/** The time without an answer after which none is expected. */
const SILENCE_MS = 60_000;

/** Node.js 22.18 reads TypeScript by itself. */
const NODE = 22;

/** More options of the front. */
export type FrontMore = Pick<FrontOptions, "certificate" | "logFile" | "json">;

/** How the front is started. */
export interface Runtime {
  readonly name: string;
  readonly command: (dir: string, extra: string, port: number, more?: FrontMore) => string[];
  /** The command that runs a program in TypeScript, which can collect garbage. */
  readonly program: readonly string[];
}

/** Fetches a Node.js that is new enough, where the machine's own is not. */
async function findNode(): Promise<string | undefined> {
  const [own, npx] = [findProgram("node"), findProgram("npx")];
  if (own !== undefined) {
    const { stdout } = await run([own, "-p", "process.versions.node"]);
    if (parseInt(stdout) >= NODE) return own;
  }
  if (npx !== undefined) {
    const fetched = await run([npx, "--yes", `node@${NODE}`, "-p", "process.execPath"], { cwd: "/tmp" });
    if (fetched.code === 0) return fetched.stdout.trim();
  }
  skipWithout(`Node.js ${NODE} or newer`, `\`npx node@${NODE}\` must be able to fetch it`);
  return undefined;
}

const node = ignore ? undefined : await findNode();

/** The command line, and the same modules on Node.js, where there is one that reads them. */
export const RUNTIMES: readonly Runtime[] = [
  {
    name: "Deno",
    command: (_dir, extra, port, more = {}) => [
      ...unsockCommand(),
      "expose",
      "--http",
      `${port}`,
      ...extra === "" ? [] : ["--dir", extra],
      ...more.certificate === undefined ? [] : ["--cert", more.certificate.cert, "--key", more.certificate.key],
      ...more.logFile === undefined ? [] : [more.logFile === true ? "--log" : `--log=${more.logFile}`],
      ...more.json ? ["--json"] : [],
    ],
    program: [Deno.execPath(), "run", "-A", "--no-check", "--v8-flags=--expose-gc"],
  },
  ...node === undefined ? [] : [{
    name: "Node.js",
    command: (dir: string, extra: string, port: number, more?: FrontMore) => {
      const base = `${dir}/r/unsock`;
      const options = JSON.stringify(more ?? {});
      return [node, join(HERE, "front_on_node.ts"), base, extra || base, libraryFile(), `${port}`, options];
    },
    program: [node, "--expose-gc"],
  }],
];

/** A user's loopbacks, and the port that shows them all. */
export class Rig implements AsyncDisposable {
  readonly dir: string;
  readonly env: Record<string, string>;
  port = 0;
  readonly #runtime: Runtime;
  readonly #started: Proc[] = [];

  constructor(dir: string, runtime: Runtime) {
    this.dir = dir;
    this.#runtime = runtime;
    this.env = { XDG_RUNTIME_DIR: `${dir}/r`, ...testedLibrary() };
    Deno.mkdirSync(`${dir}/r/unsock`, { recursive: true, mode: 0o700 });
  }

  /** Starts a command under unsock and waits until it says that it is ready. */
  async start(words: string[], command: string[]): Promise<Proc> {
    const server = start([libraryFile(), "run", ...words, "--", ...command], { env: this.env });
    this.#started.push(server);
    await until("the server listens", () => server.output().includes("ready"));
    return server;
  }

  serve(words: string[], name: string, port: number, manner = "closes"): Promise<Proc> {
    return this.start(words, ["python3", DEVELOPMENT, name, `${port}`, manner]);
  }

  /** A server of one manner, in a loopback of that name. */
  special(manner: string): Promise<Proc> {
    return this.start(["--name", manner, "--private"], ["python3", SERVERS, manner]);
  }

  /** Returns the command that starts the front, as one text for a shell. */
  commandText(port = 0): string {
    return this.#runtime.command(this.dir, "", port).join(" ");
  }

  /** Starts the front. `by`: a program that becomes it, with its options. */
  async expose(extra = "", more?: FrontMore, by: string[] = []): Promise<Proc> {
    const exposed = start([...by, ...this.#runtime.command(this.dir, extra, 0, more)], { env: this.env });
    this.#started.push(exposed);
    this.port = await until("it listens", () => {
      return Number(/^(?:Serving .* at |\{"url":")https?:\/\/localhost:(\d+)\//m.exec(exposed.output())?.[1]);
    }, 60_000);
    return exposed;
  }

  /** Starts the front with a certificate, and returns how it ended. */
  async tryExpose(certificate: CertificateFiles): Promise<RunResult> {
    return await run(this.#runtime.command(this.dir, "", 0, { certificate }), { env: this.env });
  }

  /** By curl, which knows that names below "localhost" are this machine. */
  async ask(url: string, ...more: string[]): Promise<RunResult> {
    return await run(["curl", "-s", "--max-time", "60", ...more, `http://${url.replace("/", `:${this.port}/`)}`]);
  }

  async text(url: string, ...more: string[]): Promise<string> {
    const { stdout, stderr, code } = await this.ask(url, ...more);
    assertStrictEquals(code, 0, stderr);
    return stdout;
  }

  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  /** Returns the answer to these bytes on a new connection, up to `until` or the end of the connection. */
  async raw(text: string, until?: string): Promise<string> {
    using connection = await this.connect();
    return await this.say(connection, text, until);
  }

  async say(connection: Deno.Conn, text: string, until?: string): Promise<string> {
    const buffer = new Uint8Array(65536);
    let answer = "";
    const timer = setTimeout(() => connection.close(), SILENCE_MS);
    try {
      await connection.write(new TextEncoder().encode(text));
      while (until === undefined || !answer.includes(until)) {
        const count = await connection.read(buffer);
        if (count === null) break;
        answer += new TextDecoder().decode(buffer.subarray(0, count));
      }
    } catch (error) {
      const isReset = error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
      const isSilent = error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BadResource;
      if (!isReset && !isSilent) throw error;
      answer += isReset ? "(reset)" : "(silence)";
    } finally {
      clearTimeout(timer);
    }
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#started.reverse()) await process[Symbol.asyncDispose]();
  }
}

/** A test of the front, on each runtime. */
export function testFront(name: string, fn: (rig: Rig) => Promise<void>, more = true, runtimes = RUNTIMES): void {
  for (const runtime of runtimes) {
    Deno.test({
      name: `${name} (${runtime.name})`,
      ignore: ignore || !more,
      fn: () =>
        withDir(async (dir) => {
          await using rig = new Rig(dir, runtime);
          await fn(rig);
        }),
    });
  }
}

/** The text of a request of HTTP/1 without a body. */
export function requestText(path: string, host: string, more = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}.localhost\r\n${more}\r\n`;
}
