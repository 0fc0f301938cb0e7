/**
 * Lists the loopbacks of git checkouts (`--here`), with names from git's files. The library has made a link to git's
 * directory for each checkout (`c/process/checkout.c`). Git's files may contain anything, so this module takes only
 * names and paths from them.
 */
import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { dnsLabel } from "../system/dns_label.ts";
import { linkTarget, listNames, lstatOrUndefined, orUndefined, statOrUndefined } from "../system/files.ts";
import { effectiveUser, mayOwn } from "../system/users.ts";

const PLACE = ".checkouts";
const LINK = /^([0-9a-f]{16})\.git$/;
const INSIDE = "unsock";
const NAMELESS = "checkout";
const FILE_MOST = 4096;
/** A branch's name never begins with a dot. `.invalid` means that the branch is in another file (reftable). */
const BRANCH = /^ref: refs\/heads\/([^.].*)$/;
const { O_RDONLY, O_NONBLOCK } = fs.constants;

/** A checkout's loopback. */
export interface Checkout {
  readonly path: string;
  /** The branch, or the folder if no branch is checked out; for the main checkout, the repository's folder. */
  readonly name: string;
  /** The repository's name and `name`; for the main checkout, the name of the repository's parent folder and `name`. */
  readonly longName: string;
}

/** Returns the existing checkouts in the order of their first use. `base` is the user's default directory. */
export function listCheckouts(base: string): Checkout[] {
  const place = join(base, PLACE);
  const found = listNames(place).flatMap((name) => {
    const [, hash] = LINK.exec(name) ?? [];
    const link = join(place, name);
    const status = hash === undefined ? undefined : lstatOrUndefined(link);
    if (!status?.isSymbolicLink() || !mayOwn(status.uid, effectiveUser())) return [];
    const git = linkTarget(link) ?? "/"; // Deno cannot read a target that is not UTF-8: the name is then NAMELESS
    const own = join(place, hash ?? "");
    const path = lstatOrUndefined(own)?.isDirectory() ? own : join(git, INSIDE);
    return statOrUndefined(path)?.isDirectory() ? [{ since: status.mtimeMs, path, git }] : [];
  });
  const sorted = found.toSorted((one, other) => one.since - other.since || (one.path < other.path ? -1 : 1));
  return sorted.map(({ path, git }) => ({ path, ...namesOf(git) }));
}

function namesOf(git: string): Pick<Checkout, "name" | "longName"> {
  const common = readLine(join(git, "commondir"));
  const repository = folderOf(common === undefined ? git : resolve(git, common));
  const name = common === undefined
    ? dnsLabel(basename(repository))
    : dnsLabel(BRANCH.exec(readLine(join(git, "HEAD")) ?? "")?.[1] ?? "") ||
      dnsLabel(basename(dirname(readLine(join(git, "gitdir")) ?? "")));
  const before = basename(common === undefined ? dirname(repository) : repository);
  return { name: name || NAMELESS, longName: dnsLabel(`${before}-${name || NAMELESS}`) };
}

/** Returns a repository's folder: its git directory without a hidden last part (`/.git`) or the ending `.git`. */
function folderOf(git: string): string {
  return basename(git).startsWith(".") ? dirname(git) : git.replace(/(?<=[^/])\.git$/, "");
}

/** Returns the only line of a file, or undefined if it has several or cannot be read. Never blocks on a pipe. */
function readLine(file: string): string | undefined {
  return orUndefined(() => {
    const fd = fs.openSync(file, O_RDONLY | O_NONBLOCK);
    try {
      const bytes = new Uint8Array(FILE_MOST);
      const text = new TextDecoder().decode(bytes.subarray(0, fs.readSync(fd, bytes)));
      return /^([^\r\n\0]+)[\r\n]*$/.exec(text)?.[1];
    } finally {
      fs.closeSync(fd);
    }
  });
}
