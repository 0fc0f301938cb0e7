/** Whose each difference from TCP is. */

type Whose = Partial<Record<"tipc" | "host" | "guest", string>>;

const HELD = "Held back: passed on, it would end the other direction, too.";
const FIRECRACKER = "Firecracker tells the host nothing of a guest's half-close.";
const NO_RESET = "In vsock a close is an end of file, whatever is unread or lingers.";
const LAST_HOLDER = "Whoever is killed resets its peer, in TIPC.";
const NO_URGENT = "vsock has no urgent data.";

/** By story, as docs/between-machines.md shows it. */
export const WHOSE: Record<string, Whose> = {
  "connect that does not wait, refused": { guest: "The kernel's vsock says no `POLLHUP` there." },
  "urgent data": { tipc: "TIPC takes the byte for one of the stream.", guest: NO_URGENT },
  "close at once": { tipc: "The kernel's TIPC tells the end once; a second `read` waits." },
  "half-close, answer at the end": { tipc: HELD, host: HELD, guest: FIRECRACKER },
  "half-close by the server": { tipc: HELD, host: FIRECRACKER, guest: HELD },
  "write after half-close": {
    tipc: HELD,
    host: HELD,
    guest: FIRECRACKER,
  },
  "close with unread data": { host: NO_RESET, guest: NO_RESET },
  "client aborts": { host: NO_RESET, guest: NO_RESET },
  "peer of a blocked writer goes": {
    tipc: "The kernel's TIPC: a writer that waits is told `EPIPE`.",
    host: NO_RESET,
    guest: NO_RESET,
  },
  "server aborts": { tipc: "The kernel's TIPC tells of a reset when it is read.", host: NO_RESET, guest: NO_RESET },
  "shutdown of both sides": { tipc: "The kernel's TIPC: `read` is `ENOTCONN`." },
  "shutdown of reading": { tipc: "Nothing is told to TIPC, and `read` waits." },
  "killed client": { tipc: LAST_HOLDER },
  "killed client in a write": { tipc: LAST_HOLDER },
  "server that forks": { tipc: "The library is not certain that no child has the socket." },
};
