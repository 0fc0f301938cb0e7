/** The errnos of TCP and UDP for the kernel's errnos of other families (`c/rules/errno.c`). */
import { assertEquals } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const PLACES = ["BIND", "CONNECT", "SEND", "OPEN", "TARGET", "TARGET_ONCE", "MULTIPLEXER", "STEP", "ERROR"];
const FORBIDDEN = { EACCES: ["EPERM", "ENOSYS"] };
const NOBODY_LISTENS = ["ENOENT", "EPROTOTYPE"];

/** Everything that becomes another errno; all else stays as it is. */
const EXPECTED: Record<string, Record<string, string[]>> = {
  BIND: { EACCES: ["ENOENT", "ENOTDIR", "EROFS", "EPERM"], ENOBUFS: ["ENOSPC", "EDQUOT"] },
  CONNECT: { ECONNREFUSED: [...NOBODY_LISTENS, "ENOTDIR", "ELOOP", "ENAMETOOLONG"] },
  SEND: { ECONNREFUSED: [...NOBODY_LISTENS, "ENOTDIR", "ELOOP"] },
  OPEN: { ENETUNREACH: ["EAFNOSUPPORT", "EPROTONOSUPPORT"], ENOBUFS: ["EMFILE", "ENFILE"], ...FORBIDDEN },
  TARGET: { ECONNREFUSED: [...NOBODY_LISTENS, "ECONNRESET", "EHOSTUNREACH"], ENETUNREACH: ["ENODEV"] },
  TARGET_ONCE: { ECONNREFUSED: [...NOBODY_LISTENS, "ECONNRESET", "EHOSTUNREACH", "EAGAIN"], ENETUNREACH: ["ENODEV"] },
  MULTIPLEXER: { ECONNREFUSED: NOBODY_LISTENS },
  STEP: FORBIDDEN,
  ERROR: { ECONNREFUSED: ["ECONNRESET", "EHOSTUNREACH"], ENETUNREACH: ["ENODEV"] },
};

Deno.test(
  "each errno of another family is TCP's (UDP's) where that has one of its own",
  { ignore: !need("cc") },
  async () => {
    const found: Record<string, Record<string, string[]>> = {};
    for (
      const line of (await runHarness("unit/errno.c", ["rules/errno.c"], `${PLACES.length}`)).trimEnd().split("\n")
    ) {
      const [at = "", from = "", to = ""] = line.split(" ");
      const place = found[PLACES[Number(at)] ?? at] ??= {};
      (place[to] ??= []).push(from);
    }
    const sorted = (table: typeof found) =>
      Object.fromEntries(
        Object.entries(table).map(([at, by]) => [
          at,
          Object.fromEntries(Object.entries(by).map(([to, from]) => [to, from.toSorted()])),
        ]),
      );
    assertEquals(sorted(found), sorted(EXPECTED));
  },
);
