/** The cause of each difference from TCP. */

type Whose = Partial<Record<"tipc" | "host" | "guest", string>>;

const HELD = "The half-close is held back: it would end the other direction, too.";
const FIRECRACKER = "Firecracker does not report a guest's half-close to the host.";
const NO_RESET = "In vsock a close is an end of file, even with unread data or `SO_LINGER` 0.";
const NO_URGENT = "vsock has no urgent data.";

/** The cause of every other difference over TIPC. */
export const RESET = "TIPC's close resets its peer, after all data.";

/** By story, as docs/between-machines.md shows it. */
export const WHOSE: Record<string, Whose> = {
  "urgent data": { tipc: "Refused: TIPC would deliver the byte as ordinary data.", guest: NO_URGENT },
  "half-close, answer at the end": { tipc: HELD, host: HELD, guest: FIRECRACKER },
  "half-close by the server": { tipc: HELD, host: FIRECRACKER, guest: HELD },
  "write after half-close": {
    tipc: HELD,
    host: HELD,
    guest: FIRECRACKER,
  },
  "close with unread data": { host: NO_RESET, guest: NO_RESET },
  "client aborts": { host: NO_RESET, guest: NO_RESET },
  "peer of a blocked writer goes": { host: NO_RESET, guest: NO_RESET },
  "server aborts": { host: NO_RESET, guest: NO_RESET },
  "shutdown of reading": {
    tipc:
      "TIPC shuts down both directions or none. unsock notes the shutdown, and `recv` returns 0; `poll` and `read` ask the kernel, which reports nothing to read (-1 here).",
  },
};
