/**
 * Finds stale socket files. The kernel's list of sockets shows the servers of this network namespace. For other files,
 * the library connects a socket of another type to the file (`query state=FILE`), which no server notices.
 */
import { execFile } from "node:child_process";
import { dirname, resolve } from "node:path";
import { readAnswers } from "../library/query.ts";
import { codeOf, LibraryError, reason } from "../system/errors.ts";
import { linkTarget, readText } from "../system/files.ts";
import { Shared } from "../system/shared.ts";

const LIST = "/proc/net/unix";
const LISTENS = 0x10000;
const PATIENCE_MS = 5_000;
const OUTPUT_MOST = 1 << 22;
/** For how long an answer of the library is used again. */
const KEPT_MS = 1_000;
/** The most files that one start of the library checks: the kernel limits arguments. */
const FILES_MOST = 4_096;

/** Returns the paths at which servers listen, as the servers spelled them. */
function listeningPaths(): Set<string> {
  const paths = new Set<string>();
  const text = readText(LIST) ?? ""; // without /proc the library checks each file
  // The columns: Num RefCount Protocol Flags Type St Inode Path.
  for (const [, flags = "", path = ""] of text.matchAll(/^\w+: \w+ \w+ (\w+) \w+ \w+ +\d+ (\/.*)$/gm)) {
    if (parseInt(flags, 16) & LISTENS) paths.add(path);
  }
  return paths;
}

/** Returns the path of a port's socket: the file itself, or the link's target. */
function ownPath(file: string): string {
  const target = linkTarget(file);
  return target === undefined ? file : resolve(dirname(file), target);
}

interface Known {
  readonly isStale: boolean;
  /** When the library answered, in milliseconds of `performance.now()`. */
  readonly at: number;
}

/** Finds stale files. One process of the library at a time checks the files of all requests. */
export class StaleFiles {
  readonly #library: string;
  readonly #known = new Map<string, Known>();
  readonly #wanted = new Set<string>();
  readonly #look = new Shared(() => this.#ask());
  readonly #warn: (line: string) => void;
  #fails = false;

  /**
   * @param library The path of `libunsock.so`.
   * @param warn Gets one line when the library begins to fail. Until it works again, all files count as live, so that
   *   no live server is left out.
   */
  constructor(library: string, warn: (line: string) => void) {
    this.#library = library;
    this.#warn = warn;
  }

  /** @returns The stale files among these socket files, which may be in several directories. */
  async among(files: readonly string[]): Promise<Set<string>> {
    const listening = files.length === 0 ? new Set() : listeningPaths();
    const unlisted = files.filter((file) => !listening.has(ownPath(file)));
    const oldest = performance.now() - KEPT_MS;
    const unknown = unlisted.filter((file) => (this.#known.get(file)?.at ?? -Infinity) < oldest);
    for (const file of unknown) this.#wanted.add(file);
    if (unknown.length > 0) await this.#look.ask();
    return new Set(unlisted.filter((file) => this.#known.get(file)?.isStale));
  }

  async #ask(): Promise<void> {
    const files = [...this.#wanted];
    this.#wanted.clear();
    const states = await askLibrary(files, this.#library).catch((error) => this.#tell(error));
    this.#fails = states === undefined;
    const at = performance.now();
    for (const [file, known] of this.#known) if (known.at < at - 2 * KEPT_MS) this.#known.delete(file);
    files.forEach((file, index) => this.#known.set(file, { isStale: states?.[index] === "stale", at }));
  }

  #tell(error: unknown): undefined {
    if (!this.#fails) this.#warn(`expose: ${reason(error)}: stale files count as live`);
  }
}

/**
 * Asks the library for the state of each file. Starts the library once for each `FILES_MOST` files.
 *
 * @throws {LibraryError} When the library fails, or does not answer in time.
 */
async function askLibrary(files: readonly string[], library: string): Promise<(string | undefined)[]> {
  if (files.length > FILES_MOST) {
    const first = await askLibrary(files.slice(0, FILES_MOST), library);
    return [...first, ...await askLibrary(files.slice(FILES_MOST), library)];
  }
  const words = ["query", "--", ...files.map((file) => `state=${file}`)];
  const output = await new Promise<string>((done, fail) => {
    execFile(library, words, { timeout: PATIENCE_MS, maxBuffer: OUTPUT_MOST }, (error, stdout, stderr) => {
      if (error === null) return done(stdout);
      const why = error.killed ? `no answer in ${PATIENCE_MS} ms` : stderr.trim() || codeOf(error) && reason(error);
      fail(new LibraryError(`library ${library}: ${why || "it failed"}`));
    });
  });
  return readAnswers(output).map((answer) => answer.maybeText("state"));
}
