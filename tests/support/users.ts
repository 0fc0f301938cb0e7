/** Runs programs as another user. Only root can. */
import { join } from "@std/path/posix";
import { findProgram } from "./programs.ts";

/** An ordinary user that every Debian has. */
export const NOBODY = 65534;

/** Returns the reason why tests with several users are skipped, or undefined if they can run. */
export function whyNoOtherUser(): string | undefined {
  if (Deno.uid() !== 0) return "only root can be several users";
  if (findProgram("setpriv") === undefined) return "setpriv is not there";
  return mayNobodyRead() ? undefined : "other users cannot read the source tree: it is below /root, say";
}

/** True if other users can read the source tree, and so use the library that is built there. */
function mayNobodyRead(): boolean {
  const [program = "", ...args] = asNobody(["test", "-r", join(import.meta.dirname ?? "", "..", "..", "deno.json")]);
  return new Deno.Command(program, { args }).outputSync().success;
}

/**
 * @param command A program and its arguments.
 * @param groups Numbers of groups that the user is in besides its own.
 * @returns The command, run as the ordinary user.
 */
export function asNobody(command: string[], groups: readonly number[] = []): string[] {
  return asUser(NOBODY, command, groups);
}

/** Ids without names: the users of a server, of a client and of a stranger, and a group. */
export const SERVER = 61_001;
export const CLIENT = 61_002;
export const STRANGER = 61_003;
export const MEMBERS = 61_100;

/**
 * @param uid Number of a user, whose own group has the same number.
 * @param command A program and its arguments.
 * @param groups Numbers of groups that the user is in besides its own.
 * @returns The command, run as this user.
 */
export function asUser(uid: number, command: string[], groups: readonly number[] = []): string[] {
  const others = groups.length > 0 ? `--groups=${groups.join(",")}` : "--clear-groups";
  return ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, others, ...command];
}
