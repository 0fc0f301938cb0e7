/**
 * Finds stale socket files. The kernel's list of sockets shows the servers of this network namespace. The library
 * checks the other files (`query state=FILE`): it connects a socket of another type, which no server notices.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import { Shared } from "../system/shared.ts";

const LIST = "/proc/net/unix";
const LISTENS = 0x10000;
const PATIENCE_MS = 5_000;
const OUTPUT_MOST = 1 << 22;
/** How long the library's answer holds. */
const KEPT_MS = 1_000;
/** As many paths as the kernel takes for the arguments of one process. The others count as live. */
const FILES_MOST = 4_096;

/** Returns the paths at which servers listen, as the servers spelled them. */
function listeningPaths(): Set<string> {
  const paths = new Set<string>();
  let text = "";
  try {
    text = fs.readFileSync(LIST, "latin1");
  } catch {
    // Without /proc the library checks each file.
  }
  // Num RefCount Protocol Flags Type St Inode Path
  for (const [, flags = "", path = ""] of text.matchAll(/^\w+: \w+ \w+ (\w+) \w+ \w+ +\d+ (\/.*)$/gm)) {
    if (parseInt(flags, 16) & LISTENS) paths.add(path);
  }
  return paths;
}

/** Returns the path of a port's socket: the file itself, or the link's target. */
function ownPath(file: string): string {
  try {
    return resolve(dirname(file), fs.readlinkSync(file));
  } catch {
    return file; // no link: a plain server's socket
  }
}

/** What the library said of a file. */
interface Known {
  readonly isStale: boolean;
  /** In milliseconds, by the clock of `performance.now()`. */
  readonly at: number;
}

/** Finds stale files. One process of the library at a time checks those of all requests. Its answer is kept for a second. */
export class StaleFiles {
  readonly #library: string;
  readonly #known = new Map<string, Known>();
  readonly #wanted = new Set<string>();
  readonly #look = new Shared(() => this.#ask());

  /** @param library The path of `libunsock.so`. */
  constructor(library: string) {
    this.#library = library;
  }

  /** @returns The stale ones of these socket files, which may be of several directories. */
  async among(files: readonly string[]): Promise<Set<string>> {
    const listening = files.length === 0 ? new Set() : listeningPaths();
    const unlisted = files.filter((file) => !listening.has(ownPath(file))).slice(0, FILES_MOST);
    const oldest = performance.now() - KEPT_MS;
    const unknown = unlisted.filter((file) => (this.#known.get(file)?.at ?? -Infinity) < oldest);
    for (const file of unknown) this.#wanted.add(file);
    if (unknown.length > 0) await this.#look.ask();
    return new Set(unlisted.filter((file) => this.#known.get(file)?.isStale));
  }

  async #ask(): Promise<void> {
    const files = [...this.#wanted];
    this.#wanted.clear();
    const states = await askLibrary(files, this.#library).catch(() => []);
    const at = performance.now();
    for (const [file, known] of this.#known) if (known.at < at - 2 * KEPT_MS) this.#known.delete(file);
    files.forEach((file, index) => this.#known.set(file, { isStale: states[index] === "stale", at }));
  }
}

/** Asks the library for the state of each file. No state is known if it fails, so that no live server is left out. */
function askLibrary(files: readonly string[], library: string): Promise<unknown[]> {
  const words = ["query", "--", ...files.map((file) => `state=${file}`)];
  return new Promise((done) => {
    execFile(library, words, { timeout: PATIENCE_MS, maxBuffer: OUTPUT_MOST }, (_error, stdout) => {
      done(stdout.split("\n").map(readState));
    });
  });
}

/** Returns the state in a line of the library's answers. */
function readState(line: string): unknown {
  try {
    return Object(JSON.parse(line)).state;
  } catch {
    return undefined;
  }
}
