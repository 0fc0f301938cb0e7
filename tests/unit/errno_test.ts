/** What TCP and UDP say where the kernel says something of another family (`c/rules/errno.c`). */
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

const HARNESS = `
#include "rules/errno.h"
#include <stdio.h>
#include <string.h>
int main(void) {
    for (int at = 0; at < ${PLACES.length}; at++)
        for (int error = 1; error < 134; error++) {
            long said = unsock_errno_as_ip((enum unsock_errno_at)at, -error);
            if (said != -error) printf("%d %s %s\\n", at, strerrorname_np(error), strerrorname_np((int)-said));
        }
    return unsock_errno_as_ip(UNSOCK_AT_BIND, 7) == 7 && unsock_errno_as_ip(UNSOCK_AT_BIND, 0) == 0 ? 0 : 1;
}`;

Deno.test(
  "each errno of another family is TCP's (UDP's) where that has one of its own",
  { ignore: !need("cc") },
  async () => {
    const found: Record<string, Record<string, string[]>> = {};
    for (const line of (await runHarness(HARNESS, ["rules/errno.c"])).trimEnd().split("\n")) {
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
