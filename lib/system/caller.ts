/**
 * What the caller's process state was before the runtime changed it. The runtime raises the soft `RLIMIT_NOFILE` to the
 * hard one and ignores `SIGPIPE`; the parent, which usually handed both down, still shows what they were. Pure over the
 * text of `/proc`.
 */

import type { Libc } from "./ffi.ts";
import type { Proc } from "./proc.ts";

/** Soft and hard limit; `Infinity` is unlimited. */
export interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** State to put back before becoming the command. */
export interface CallerState {
  readonly ignoreSigpipe: boolean;
  /** The soft `RLIMIT_NOFILE`; undefined: leave it as it is. */
  readonly softNofile: number | undefined;
}

/** `/proc` files of this process and of its parent; undefined: unreadable. */
export interface ProcTexts {
  readonly ownLimits: string | undefined;
  readonly parentLimits: string | undefined;
  readonly parentStatus: string | undefined;
}

/**
 * Shells hand an ignored `SIGPIPE` down to what they start. Other runtimes that ignore it themselves (Python, Node,
 * Deno) set it back in their children, so that their own state says nothing. systemd ignores it and lets services
 * inherit that by default (IgnoreSIGPIPE=).
 */
const HANDS_SIGPIPE_DOWN = new Set([
  ..."ash bash busybox dash fish ksh ksh93 mksh oksh rbash sh yash zsh".split(" "),
  "systemd",
]);

const SIGPIPE_BIT = 1n << 12n;
const COMMON_SOFT_NOFILE = 1024;

/** @returns The `Max open files` line of a `/proc/PID/limits`. */
export function parseNofile(limits: string | undefined): Limit | undefined {
  const match = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(limits ?? "");
  const number = (text: string | undefined) => text === "unlimited" ? Infinity : Number(text);
  return match === null ? undefined : { soft: number(match[1]), hard: number(match[2]) };
}

/**
 * @param texts What `/proc` says.
 * @returns What the caller most likely had.
 */
export function deriveCallerState(texts: ProcTexts): CallerState {
  const name = /^Name:\s+(.*)$/m.exec(texts.parentStatus ?? "")?.[1] ?? "";
  const ignored = /^SigIgn:\s+([0-9a-f]+)$/m.exec(texts.parentStatus ?? "")?.[1] ?? "0";
  const ignoreSigpipe = HANDS_SIGPIPE_DOWN.has(name.replace(/^-/, "")) && (BigInt(`0x${ignored}`) & SIGPIPE_BIT) !== 0n;
  return { ignoreSigpipe, softNofile: deriveSoftNofile(texts, name) };
}

function deriveSoftNofile(texts: ProcTexts, parentName: string): number | undefined {
  const own = parseNofile(texts.ownLimits);
  // Different limits: the runtime did not raise the soft one.
  if (own === undefined || own.soft !== own.hard) return undefined;
  const parent = parseNofile(texts.parentLimits);
  // systemd's own limits are not those of its services.
  const inherited = parent === undefined || (parentName === "systemd" && parent.hard !== own.hard)
    ? COMMON_SOFT_NOFILE
    : parent.soft;
  const soft = Math.min(inherited, own.hard);
  return soft === own.soft ? undefined : soft;
}

/** @returns What the caller of this process most likely had. */
export function readCallerState(proc: Proc): CallerState {
  return deriveCallerState({
    ownLimits: proc.readText("/proc/self/limits"),
    parentLimits: proc.readText(`/proc/${Deno.ppid}/limits`),
    parentStatus: proc.readText(`/proc/${Deno.ppid}/status`),
  });
}

const SIGPIPE = 13;
const SIG_DFL = 0n;
const RLIMIT_NOFILE = 7;

/** Puts it back. Every descriptor of the runtime is close-on-exec; those of the caller have not been touched. */
export function restoreCallerState(libc: Libc, state: CallerState): void {
  if (!state.ignoreSigpipe) libc.signal(SIGPIPE, SIG_DFL);
  if (state.softNofile === undefined) return;
  const limit = new BigUint64Array(2);
  if (libc.getrlimit(RLIMIT_NOFILE, limit) !== 0) return;
  limit[0] = BigInt(state.softNofile);
  libc.setrlimit(RLIMIT_NOFILE, limit);
}
