/**
 * Finds stale socket files. The kernel's list of sockets shows the servers of this network namespace. The library
 * checks the other files (`prune --dry-run`): it connects a socket of another type, which no server notices.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { dirname, resolve } from "node:path";

const LIST = "/proc/net/unix";
const LISTENS = 0x10000;
const PATIENCE_MS = 5_000;
const OUTPUT_MOST = 1 << 22;

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

/** Asks the library which files in a directory it would remove. */
function askLibrary(directory: string, library: string): Promise<Set<string>> {
  const words = ["prune", "--dry-run", "--json", "--force", "--dir", directory];
  return new Promise((done) => {
    execFile(library, words, { timeout: PATIENCE_MS, maxBuffer: OUTPUT_MOST }, (_error, stdout) => {
      done(readPruned(stdout));
    });
  });
}

/** Returns the files that `prune --json` lists; none if it failed, so that no live server is left out. */
function readPruned(text: string): Set<string> {
  try {
    const list: unknown = JSON.parse(text);
    const files = Array.isArray(list) ? list.map((one) => String(Object(one).file)) : [];
    return new Set(files);
  } catch {
    return new Set();
  }
}

/**
 * @param files Paths of socket files in the directory.
 * @returns The stale ones.
 */
export async function staleFiles(directory: string, files: readonly string[], library: string): Promise<Set<string>> {
  const listening = files.length === 0 ? new Set() : listeningPaths();
  const unknown = files.filter((file) => !listening.has(ownPath(file)));
  if (unknown.length === 0) return new Set();
  const stale = await askLibrary(directory, library);
  return new Set(unknown.filter((file) => stale.has(file)));
}
