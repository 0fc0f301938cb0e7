/** The doors by which the library reaches a probe, and the calls and lines that differ from TCP and UDP by each. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { MAY_DIFFER } from "../probes/may_differ.ts";
import type { Differences } from "./differences.ts";
import { isReachedInside } from "./glibc.ts";

const TESTS = join(dirname(fromFileUrl(import.meta.url)), "..");

/**
 * A door by which the library reaches a probe. `preload`: libc's functions. `syscall`: libc's syscall(2). `static`,
 * `musl`: a static program's system calls. `raw`: the system calls of a dynamic program that makes them by number.
 * `dynamic`: a dynamic program that calls libc's functions, with its system calls trapped.
 */
export type Door = "preload" | "syscall" | "static" | "musl" | "raw" | "dynamic";

/** Doors of static programs. Their calls are rewritten, so few are trapped; their tests are named "trapped", too. */
const PATCHED: readonly Door[] = ["static", "musl"];

const BY_NUMBER = ["-Wno-unused-value", "-include", join(TESTS, "probes", "raw_calls.h")];

/** The compiler flags for the probes of each door. */
export const DOOR_FLAGS: Readonly<Record<Door, readonly string[]>> = {
  preload: [],
  static: ["-static"],
  musl: ["-static", "-include", join(TESTS, "libcs", "errno_names.h")],
  syscall: ["-DBY_SYSCALL", ...BY_NUMBER],
  raw: BY_NUMBER,
  dynamic: [],
};

const NO_CANCELLATION = "a system call of one's own is no cancellation point";
const UNTRAPPED = "write, sendfile and poll are not trapped: that would slow every connection down (docs/limits.md)";

const NOT_BORN = "UDP sockets are not born local where calls are trapped, and are exchanged in one process then";

/** Probes that a door excludes, and why; `trapped` means all doors that trap every call. */
const NOT_BY: Readonly<Record<string, Partial<Record<Door | "trapped", string>>>> = {
  endings_epoll: { trapped: UNTRAPPED },
  endings_full: { trapped: UNTRAPPED },
  endings_poll: { trapped: UNTRAPPED },
  endings_splice: { trapped: UNTRAPPED },
  resets_apart: { trapped: UNTRAPPED },
  datagram_basic: { trapped: "sendto without an address is send there, which is not looked at (docs/limits.md)" },
  datagram_successor: { trapped: "write, writev and send are not trapped (docs/limits.md)" },
  datagram_mutual: { trapped: "write, writev and send are not trapped (docs/limits.md)" },
  shared_datagrams: { static: NOT_BORN, musl: NOT_BORN, raw: NOT_BORN },
  signals: { raw: NO_CANCELLATION, syscall: NO_CANCELLATION },
};

/** Arguments that keep a probe from some calls, and why. */
type Arguments = Readonly<Record<string, { args: string[]; why: string }>>;

/** The arguments where calls are trapped. */
const TRAPPED_ARGUMENTS: Arguments = {
  after_many_datagrams: { args: ["without recv"], why: "recvfrom without an address is not trapped (docs/limits.md)" },
  changed_sides: { args: ["with addresses"], why: "send, write and sendto without an address are not trapped" },
  datagram_refused: { args: ["without recv"], why: "recvfrom without an address is not trapped (docs/limits.md)" },
  datagram_turns: { args: ["by messages"], why: "send, write and sendto without an address are not trapped" },
  endings_shutdown: {
    args: ["everywhere"],
    why: "poll and send are not trapped, shutdown and sendmsg are (docs/limits.md)",
  },
  epoll_by_ring: { args: ["without a peer's end"], why: "epoll_wait is not trapped (docs/limits.md)" },
  endings_large: { args: ["messages"], why: "what else writes is not trapped (docs/limits.md)" },
  endings_write: { args: ["messages"], why: "what else writes is not trapped (docs/limits.md)" },
  signal_threads: { args: ["of threads alone"], why: "a trapped call is a signal of its own (docs/limits.md)" },
  signals: { args: ["the cancelled calls end"], why: "pthread_cancel waits for that there (docs/limits.md)" },
  urgent: { args: ["streams"], why: "poll, epoll_wait and send are not trapped (docs/limits.md)" },
  urgent_waits: { args: ["streams"], why: "poll and epoll_wait are not trapped (docs/limits.md)" },
};

/** The arguments where calls are rewritten. */
const PATCHED_ARGUMENTS: Arguments = {
  cancellation: { args: ["the cancelled calls end"], why: "pthread_cancel waits for that there (docs/limits.md)" },
  signals: { args: ["the cancelled calls end"], why: "pthread_cancel waits for that there (docs/limits.md)" },
};

const SENDTO_NULL = { instead: "ENOTCONN, 0 more, left 15", why: "sendto without an address is send, not looked at" };

const SEND = { instead: "ENOTCONN", why: "send is not trapped: AF_UNIX has an errno of its own when not connected" };

const RESET = { instead: "0", why: "a reset is found by poll, which is not trapped" };

const RECV = { instead: "EINVAL", why: "recv is not trapped: AF_UNIX has an errno of its own when not connected" };

/** Lines that cannot be equal where calls are trapped. */
const TRAPPED_MAY_DIFFER: Readonly<Record<string, Differences>> = {
  bad_memory: {
    "sendto, has sent: address, NULL": SENDTO_NULL,
    "sendto, bound: address, NULL": SENDTO_NULL,
    "sendto, MSG_FASTOPEN: address, NULL": SENDTO_NULL,
  },
  errors: {
    "recv on a listener": RECV,
    "recv before connect": RECV,
    "recv on a bound socket": RECV,
    "send on a listener": SEND,
    "send before connect": SEND,
    "send on a bound socket": SEND,
  },
  disconnect: {
    "its peer reads": RESET,
  },
  stream_data: {
    "reading after the peer's SO_LINGER of 0": RESET,
  },
  poll_other_thread: {
    "poll in another thread, end of file": { instead: "17", why: "AF_UNIX adds POLLHUP, and poll is not trapped" },
  },
  datagram_batches: Object.fromEntries(
    ["recv", "recv (2)", "recv (3)"].map((
      fact,
    ) => [fact, { instead: "616", why: "recv is not trapped, and a batch ends with 16 bytes" }]),
  ),
  datagram_packets: {
    "its first datagram (2)": { instead: "250 bytes", why: "UDP_SEGMENT has no effect on sendto without an address" },
  },
};

/** Probes whose lines are all equal where writes inside libc are intercepted. */
const INSIDE_EQUAL: readonly string[] = ["endings_stdio"];

/** Probes all of whose lines are equal where the program's code is rewritten. */
const PATCHED_EQUAL: readonly string[] = ["datagram_refused"];

/** How a probe runs by a door. */
export interface Passage {
  /** Its arguments, which leave out calls that are not possible there. */
  readonly args: readonly string[];
  /** The lines that cannot be as over TCP and UDP. */
  readonly known: Differences;
}

/** @returns Whether the library starts programs by this door, with their system calls trapped or rewritten. */
export function isTrapped(door: Door): boolean {
  return door !== "preload" && door !== "syscall";
}

/**
 * @param name The probe's name.
 * @param machine The machine on which the probe runs.
 * @returns How the probe runs by this door, or undefined if it cannot.
 */
export function passage(name: string, door: Door, machine: string = Deno.build.arch): Passage | undefined {
  const patched = PATCHED.includes(door);
  const isInside = patched || (!isTrapped(door) && isReachedInside(machine));
  const isEqual = (isInside && INSIDE_EQUAL.includes(name)) || (patched && PATCHED_EQUAL.includes(name));
  const known = isEqual ? {} : MAY_DIFFER[name] ?? {};
  if (NOT_BY[name]?.[door] !== undefined) return undefined;
  if (!isTrapped(door)) return { args: [], known };
  if (patched) return { args: PATCHED_ARGUMENTS[name]?.args ?? [], known };
  if (NOT_BY[name]?.trapped !== undefined) return undefined;
  return { args: TRAPPED_ARGUMENTS[name]?.args ?? [], known: { ...known, ...TRAPPED_MAY_DIFFER[name] } };
}
