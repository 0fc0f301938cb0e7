/** Runs the commands of a page in docs/ as a reader would, and lists the commands that no test has run. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir, writeProgram } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { Proc, run, type RunResult, start } from "../support/process.ts";
import { searchPath } from "../support/programs.ts";
import { RUNTIME_CACHE } from "../support/library.ts";
import { asUser } from "../support/users.ts";
import { until } from "../support/wait.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** A compiler may be among what a page runs. */
const LONG_MS = 300_000;

/** A fenced block. */
interface Block {
  language: string;
  text: string;
}

/** Varying text in a page's `console` block: on the left as on the page, on the right the pattern of the output. */
const VARYING: readonly (readonly [shown: RegExp, printed: string])[] = [
  [/^…$/, ".*"],
  [/^ +$/, " +"],
  [/^127\.0\.0\.1$/, "127\\.0\\.0\\.1"],
  [/^[\d.]+ [KMG]?bits$/, "[\\d.]+ [KMG]?bits"],
  [/^\d+([- ])[A-Z][a-z]{2}\1\d{4}$/, "\\d+[- ]\\w+[- ]\\d+"],
  [/^\[\d+\]$/, "\\[\\d+\\]"], // a process
  [/^\d{4,}$|^\d+[-:/.]/, "[\\d.:/-]+"], // a process, a port, a time, a version
];

const PIECES = /…|127\.0\.0\.1|[\d.]+ [KMG]?bits|\d+[- ][A-Z][a-z]{2}[- ]\d{4}|\[\d+\]|\d+(?:[-:/.]\d+)+|\d{4,}| +/g;

/** A line of a page's `console` block as an expression for what the command prints here. */
function lineOf(text: string): RegExp {
  const between = Array.from(text.matchAll(PIECES), ([piece]) => VARYING.find(([shown]) => shown.test(piece))?.[1]);
  const parts = text.split(PIECES).map((part, index) => RegExp.escape(part) + (between[index] ?? ""));
  return new RegExp(`^${parts.join("")} *$`, "m");
}

/**
 * Finds the fenced blocks of a page; those inside of a list lose its indentation.
 *
 * @param page The page's name in docs/, without `.md`.
 * @returns The blocks, in order.
 */
export function readBlocks(page: string): Block[] {
  const text = Deno.readTextFileSync(join(ROOT, "docs", `${page}.md`));
  return [...text.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)].map(([, indent = "", language = "", body = ""]) => ({
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** @returns The page's one YAML block, read. */
export async function readYaml(page: string): Promise<unknown> {
  const [block, ...more] = readBlocks(page).filter(({ language }) => language === "yaml");
  assert(block !== undefined && more.length === 0, `docs/${page}.md has one file`);
  const script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
  const { stdout, stderr } = await run(["/usr/bin/python3", "-c", script], { stdin: block.text });
  assertStrictEquals(stderr, "");
  return JSON.parse(stdout);
}

/** The user who runs a block, where the tests are root's; otherwise always the user who runs the tests. */
export interface Who {
  readonly uid: number;
  /** Numbers of groups besides the user's own. */
  readonly groups?: readonly number[];
}

/** Options of a page's test. */
interface ReaderOptions {
  /** Maps texts of the page to what stands for them, given the directory. */
  readonly places?: (dir: string) => Record<string, string>;
  /** The commands (by a part of them) that cannot run here, to the reason. */
  readonly cannotRun?: Record<string, string>;
  /** Several users run them: all get at `unsock`, the library and the directory. */
  readonly users?: boolean;
}

/** A reader at work: directories that the page's absolute paths stand for, and `unsock` in the PATH. */
export class Reader implements AsyncDisposable {
  /** The value of XDG_RUNTIME_DIR. */
  readonly runtime: string;
  /** Where blocks run. */
  readonly home: string;
  readonly #blocks: Block[];
  readonly #used = new Set<Block>();
  readonly #places: Record<string, string>;
  readonly #env: Record<string, string>;
  readonly #running: { part: string; process: Proc; block?: Block }[] = [];

  private constructor(base: string, page: string, places: Record<string, string>, everybody: string | undefined) {
    this.runtime = `${base}/r`;
    this.home = `${base}/h`;
    for (const directory of [this.runtime, this.home, `${base}/bin`]) Deno.mkdirSync(directory, { mode: 0o700 });
    const unsock = everybody ?? Deno.env.get("UNSOCK_TEST_BINARY") ??
      `${Deno.execPath()} run -A ${join(ROOT, "main.ts")}`;
    // A program that clears the environment starts it, too.
    writeProgram(`${base}/bin/unsock`, `#!/bin/sh\nDENO_DIR='${RUNTIME_CACHE}' exec ${unsock} "$@"\n`);
    this.#blocks = readBlocks(page);
    this.#places = { ...places, "/run/user/1000": this.runtime };
    if (everybody !== undefined) { for (const open of [base, `${base}/bin`, this.home]) Deno.chmodSync(open, 0o755); }
    this.#env = {
      PATH: `${base}/bin:${searchPath()}`,
      XDG_RUNTIME_DIR: this.runtime,
      HOME: this.home,
      // As on a terminal.
      PYTHONUNBUFFERED: "1",
      // Nobody waits for Go's standard library twice.
      GOCACHE: join(ROOT, "build", "gocache"),
    };
  }

  /**
   * Runs `fn` with a reader, and then checks that every shell command of the page was run.
   *
   * @param page The page's name in docs/, without `.md`.
   * @param fn Gets the reader and an empty directory for the files that stand for the page's.
   */
  static async with(
    page: string,
    fn: (reader: Reader, dir: string) => Promise<void>,
    options: ReaderOptions = {},
  ): Promise<void> {
    await withDir(async (base) => {
      const dir = `${base}/d`;
      Deno.mkdirSync(dir);
      const everybody = options.users && Deno.uid() === 0
        ? await unsockForEverybody(makeDirectory(`${base}/e`))
        : undefined;
      await using reader = new Reader(base, page, options.places?.(dir) ?? {}, everybody);
      await fn(reader, dir);
      await reader.#checkStarted();
      const cannot = Object.keys(options.cannotRun ?? {}).map((part) => reader.#find("sh", part));
      const shown = reader.#blocks.filter((block) => cannot.includes(block)).map((block) => reader.#shownBy(block));
      const left = reader.#blocks.filter((block) =>
        ["sh", "console"].includes(block.language) && !reader.#used.has(block) && !shown.includes(block)
      );
      assertEquals(
        left.map(({ text }) => text),
        [],
        `docs/${page}.md has commands, or what they print, without a test`,
      );
    });
  }

  /** @returns The path of the socket or control file for a port in the default directory. */
  socket(port: number): string {
    return `${this.runtime}/unsock/${port}.sock`;
  }

  /**
   * @param language The block's.
   * @param part A text that only this block has; `nth` tells equal ones apart.
   * @returns The block, with its places replaced.
   */
  block(language: string, part: string, nth = 0): string {
    return this.#here(this.#find(language, part, nth).text);
  }

  /** The text with what stands for its places. */
  #here(text: string): string {
    // All at once, longer ones first: what stands for one may have another's text in it.
    const texts = Object.keys(this.#places).toSorted((a, b) => b.length - a.length).map((place) =>
      RegExp.escape(place)
    );
    return text.replaceAll(new RegExp(texts.join("|"), "g"), (place) => this.#places[place] ?? place);
  }

  #find(language: string, part: string, nth = 0): Block {
    const block = this.#blocks.filter((block) => block.language === language && block.text.includes(part))[nth];
    assert(block, `no ${language} block has "${part}"`);
    this.#used.add(block);
    return block;
  }

  /** Runs a shell block to its end; it must succeed. */
  async run(part: string, nth = 0, who?: Who): Promise<RunResult> {
    const result = await this.tryRun(part, nth, who);
    assertStrictEquals(
      result.code,
      0,
      `${this.block("sh", part, nth)}${result.stdout}${result.stderr}${this.outputs()}`,
    );
    this.#check(this.#find("sh", part, nth), result.stdout + result.stderr);
    return result;
  }

  /** The block of what a command prints, if the page has one right behind it. */
  #shownBy(block: Block): Block | undefined {
    const next = this.#blocks[this.#blocks.indexOf(block) + 1];
    return next?.language === "console" ? next : undefined;
  }

  /** Each line that the page shows is one of those that the command has printed. */
  #check(block: Block, output: string): void {
    const shown = this.#shownBy(block);
    if (shown === undefined) return;
    this.#used.add(shown);
    // A carriage return begins a line (curl's progress).
    const lines = output.replaceAll("\r", "\n");
    for (const line of this.#here(shown.text).split("\n").filter((line) => line.trim() !== "")) {
      assertMatch(lines, lineOf(line), block.text);
    }
  }

  /** The same for a block that a test has run by {@linkcode tryRun}, and whose end it has looked at. */
  checkShown(part: string, nth: number, { stdout, stderr }: RunResult): void {
    this.#check(this.#find("sh", part, nth), stdout + stderr);
  }

  /** Waits for the output of started commands: it may come after they are ready. */
  async #checkStarted(): Promise<void> {
    for (const { block, process } of this.#running) {
      if (block !== undefined) await this.#untilShown(block, process);
    }
  }

  async #untilShown(block: Block, process: Proc): Promise<void> {
    const isShown = () => {
      try {
        this.#check(block, process.output());
        return true;
      } catch {
        return false;
      }
    };
    await until("it prints what the page shows", isShown).catch(() => this.#check(block, process.output()));
  }

  /** Runs a shell block to its end, whatever that is. */
  async tryRun(part: string, nth = 0, who?: Who): Promise<RunResult> {
    return await this.tryCommand(this.#command(part, nth, who));
  }

  /** Runs a command as a reader's shell would. */
  async tryCommand(command: string[]): Promise<RunResult> {
    return await run(command, { cwd: this.home, env: this.#env, timeoutMs: LONG_MS });
  }

  /** Starts a shell block that ends with a server, and waits until `ready` is there (a socket, or a link), or says so. */
  async start(part: string, ready: string | (() => Promise<boolean>), nth = 0, who?: Who): Promise<void> {
    const process = start(this.#command(part, nth, who), { cwd: this.home, env: this.#env });
    this.#running.push({ part, process, block: this.#find("sh", part, nth) });
    const isThere = typeof ready !== "string"
      ? ready
      : () => Deno.lstat(ready).then(({ isFile, isDirectory }) => !isFile && !isDirectory, () => false);
    try {
      await until(`${typeof ready === "string" ? ready : part} is ready`, isThere, 30_000);
    } catch (error) {
      throw new Error(`${part}\n${process.output()}`, { cause: error });
    }
  }

  /** Starts a command as a reader's shell would: it ends with the reader. */
  startCommand(command: string[]): void {
    this.#running.push({ part: "", process: start(command, { cwd: this.home, env: this.#env }) });
  }

  /** Ends what was started by the block. */
  async end(part: string): Promise<void> {
    const index = this.#running.findIndex((one) => one.part === part);
    for (const { block, process } of this.#running.splice(index, 1)) {
      if (block !== undefined) await this.#untilShown(block, process);
      await process[Symbol.asyncDispose]();
    }
  }

  #command(part: string, nth: number, who?: Who): string[] {
    const command = ["sh", "-ec", this.block("sh", part, nth)];
    return who === undefined || Deno.uid() !== 0 ? command : asUser(who.uid, command, who.groups);
  }

  /** @returns The servers' output. */
  outputs(): string {
    return this.#running.map(({ process }) => process.output()).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#running.reverse()) await process[Symbol.asyncDispose]();
  }
}

/**
 * A guest's root file system, in which the library is where the page puts it.
 *
 * @param dir The directory of the page's files.
 */
export function guestPlaces(dir: string): Record<string, string> {
  const library = "/usr/local/lib/libunsock.so";
  return { [`/mnt/guest${library}`]: `${dir}/root${library}`, [library]: `${dir}/root${library}` };
}

function makeDirectory(path: string): string {
  Deno.mkdirSync(path);
  return path;
}
