/**
 * Checks whether another user could have written a file, whose code would then run with the rights of the process that
 * loads it. `c/kernel/trust.c` decides for preloaded libraries and for directories; this copy decides for the library
 * that the command line opens. A test runs both on the same cases (`tests/cli/trusted_library_test.ts`).
 */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { reason } from "../system/errors.ts";
import { readText, statOrUndefined } from "../system/files.ts";
import { runProgram } from "../system/runtime.ts";
import { effectiveUser, isGroupOnlyOf, mayOwn, userName } from "../system/users.ts";

/** The kernel's limit of symbolic links in one path. */
const LINKS_MOST = 40;
const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * Follows a path, link by link, as the kernel does: any user who may write to a directory on the way could replace the
 * file. A directory with the sticky bit (`/tmp`) is safe for files of root or of the user.
 *
 * @param file An absolute path.
 * @param uid The user who would load the file. Files of this user and of root are trusted.
 * @returns The reason why another user could have written the file, or undefined if none could.
 * @throws {Error} When the file is missing or cannot be reached.
 */
export function strangersHand(file: string, uid: number): string | undefined {
  const rest = split(file);
  let at = "/";
  let isShared = false;
  for (let links = 0;;) {
    const status = fs.lstatSync(at);
    const problem = ownerProblem(at, status, uid, isShared) ?? writeProblem(at, status, uid);
    if (problem !== undefined) return problem;
    if (status.isSymbolicLink()) {
      if (++links > LINKS_MOST) throw new Error("Too many levels of symbolic links");
      const target = fs.readlinkSync(at);
      rest.unshift(...split(target));
      isShared = isShared && !target.startsWith("/");
      at = target.startsWith("/") ? "/" : dirname(at);
    } else {
      isShared = isSticky(status) && (status.mode & (OTHERS_WRITE | GROUP_WRITES)) !== 0;
    }
    const next = rest.shift();
    if (next === undefined) return undefined;
    if (next === "..") isShared = false;
    at = next === ".." ? dirname(at) : at === "/" ? `/${next}` : `${at}/${next}`;
  }
}

function split(text: string): string[] {
  return text.split("/").filter((name) => name !== "" && name !== ".");
}

function ownerProblem(at: string, { uid: owner }: fs.Stats, uid: number, isShared: boolean): string | undefined {
  if (mayOwn(owner, uid)) return undefined;
  // A user namespace that does not map root shows root's files with the owner `unknownOwner()`. Trusts this owner,
  // except in a directory such as /tmp, where the file of any unmapped user may have this owner.
  if (owner === unknownOwner() && !isShared) return undefined;
  return `${at} belongs to ${userName(owner)}`;
}

/** True for a directory in which only a file's owner, the directory's owner and root may remove the file. */
function isSticky(status: fs.Stats): boolean {
  return status.isDirectory() && (status.mode & STICKY) !== 0;
}

function writeProblem(at: string, status: fs.Stats, uid: number): string | undefined {
  const { mode, gid } = status;
  if (status.isSymbolicLink() || isSticky(status)) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return `everybody may write to ${at}`;
  if ((mode & GROUP_WRITES) === 0) return undefined;
  // With an access list (acl(5)), the group bits are only an upper limit of the list's rights. So users outside the
  // group may write, too.
  if (!isGroupOnlyOf(gid, uid) || hasAccessList(at)) return `others may write to ${at}`;
  return undefined;
}

/** True if ls(1) shows that the file has an access list, or if ls fails. Deno and Node.js cannot read access lists. */
function hasAccessList(file: string): boolean {
  try {
    const { code, stdout } = runProgram("/bin/ls", ["-ldn", "--", file], { LC_ALL: "C" });
    return code !== 0 || stdout[10] === "+";
  } catch {
    return true; // there is no ls
  }
}

/**
 * @returns The uid (overflowuid) that files show if this user namespace does not map their owner, or undefined if a
 *   user has this uid or the map cannot be read.
 */
function unknownOwner(): number | undefined {
  const unknown = Number(readText("/proc/sys/kernel/overflowuid") ?? "65534");
  const map = readText("/proc/self/uid_map");
  if (map === undefined) return undefined;
  const ranges = map.trim().split("\n").map((line) => line.trim().split(/ +/));
  const isKnown = ranges.some(([first, , count]) => {
    return unknown >= Number(first) && unknown < Number(first) + Number(count);
  });
  return isKnown ? undefined : unknown;
}

/** @returns The reason not to load the file, or undefined if only root and the user could have written it. */
export function distrust(file: string): string | undefined {
  try {
    return strangersHand(file, effectiveUser());
  } catch (error) {
    return reason(error);
  }
}

/** @returns The reason why the kernel would not execute the file, or undefined if it would. */
export function startProblem(file: string): string | undefined {
  if (((statOrUndefined(file)?.mode ?? 0) & 0o111) === 0) return `not executable: chmod +x ${file}`;
  return isNoexec(file) ? "its file system is mounted noexec: use --lib with a copy elsewhere" : undefined;
}

/**
 * True if the file's mount forbids execution, by /proc/self/mountinfo (proc(5)). Deno's `accessSync` checks only mode
 * bits. Without /proc returns false; then execve(2) fails later.
 */
function isNoexec(file: string): boolean {
  const real = fs.realpathSync(file);
  let [longest, found] = ["", false];
  for (const line of (readText("/proc/self/mountinfo") ?? "").split("\n")) {
    const [, , , , text = "", options = ""] = line.split(" ");
    const point = text.includes("\\") ? unescape(text) : text;
    const isAbove = point === "/" || real === point || real.startsWith(`${point}/`);
    // A later mount on the same directory hides the earlier one.
    if (isAbove && point.length >= longest.length) [longest, found] = [point, options.split(",").includes("noexec")];
  }
  return found;
}

/** Decodes a path as /proc writes it: `\040` is a space. V8 compiles this separate function only when it is needed. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
