/**
 * Finds the soft RLIMIT_NOFILE of the caller, and whether the caller ignored SIGPIPE. Deno and Node.js change both at
 * their start: they raise the soft limit to the hard one, and ignore SIGPIPE. But usually this process has inherited
 * the caller's limit and signals from its parent, where /proc still shows them.
 */
import process from "node:process";
import { readText } from "../system/files.ts";

/** The beginning of the library's `argv[0]` when a runtime executes the library (`c/program/program.c`). */
const NAME = "unsock-of-runtime";
const COMMON_SOFT_NOFILE = 1024;

/**
 * Programs whose children inherit an ignored SIGPIPE: shells, and by default systemd (IgnoreSIGPIPE=). Python, Node.js
 * and Deno ignore SIGPIPE, too, but reset it in their children. So their own state says nothing about this process.
 */
const HANDS_DOWN: ReadonlySet<string> = new Set(
  "ash bash busybox dash fish ksh ksh93 mksh oksh rbash sh yash zsh systemd".split(" "),
);

/** The `/proc/PID/limits` of this process and of its parent, and the parent's `status`; undefined if not readable. */
export interface CallerTexts {
  readonly ownLimits?: string | undefined;
  readonly parentLimits?: string | undefined;
  readonly parentStatus?: string | undefined;
}

/** The caller's most likely state. */
export interface Caller {
  readonly ignoresSigpipe: boolean;
  /** The soft RLIMIT_NOFILE to restore, or undefined if the present one stays. */
  readonly softNofile: number | undefined;
}

interface Limits {
  readonly soft: number;
  readonly hard: number;
}

/** Returns the rest of the line that begins with `start`, or "". Compiling a regular expression would take longer. */
function lineAfter(start: string, text: string): string {
  const at = `\n${text}`.indexOf(`\n${start}`);
  if (at < 0) return "";
  const [line = ""] = text.slice(at + start.length).split("\n", 1);
  return line.trim();
}

function readNofile(text = ""): Limits | undefined {
  const words = lineAfter("Max open files ", text).split(" ").filter((word) => word !== "");
  const [soft = NaN, hard = NaN] = words.map((word) => word === "unlimited" ? Infinity : Number(word));
  return Number.isNaN(soft) || Number.isNaN(hard) ? undefined : { soft, hard };
}

function deriveNofile({ ownLimits, parentLimits }: CallerTexts, parentName: string): number | undefined {
  const own = readNofile(ownLimits);
  // If the two limits differ, the runtime has not raised the soft one.
  if (own === undefined || own.soft !== own.hard) return undefined;
  const parent = readNofile(parentLimits);
  // If the hard limit differs from systemd's own, systemd has set limits for this service, and systemd's own soft limit
  // says nothing about them.
  const tells = parent !== undefined && !(parentName === "systemd" && parent.hard !== own.hard);
  const soft = Math.min(tells ? parent.soft : COMMON_SOFT_NOFILE, own.hard);
  return soft === own.soft ? undefined : soft;
}

/** Derives the caller's state from the kernel's texts. */
export function deriveCaller(texts: CallerTexts): Caller {
  const status = texts.parentStatus ?? "";
  const name = lineAfter("Name:", status);
  const ignored = lineAfter("SigIgn:", status); // 16 digits of base 16; SIGPIPE is number 13
  const isIgnored = (parseInt(ignored.slice(-4), 16) >> 12 & 1) === 1;
  return {
    ignoresSigpipe: isIgnored && HANDS_DOWN.has(name.replace(/^-/, "")),
    softNofile: deriveNofile(texts, name),
  };
}

/** @returns The `argv[0]` for executing the library. It encodes the state that the library restores. */
export function nameForLibrary(): string {
  const { ignoresSigpipe, softNofile } = deriveCaller({
    ownLimits: readText("/proc/self/limits"),
    parentLimits: readText(`/proc/${process.ppid}/limits`),
    parentStatus: readText(`/proc/${process.ppid}/status`),
  });
  return `${NAME}:${ignoresSigpipe ? "ignored" : "default"}:${softNofile ?? ""}`;
}
