/** The tour of all calls, and what follows each failing one, under tools that see every access to memory. */
import { assert, assertMatch, assertNotMatch, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { buildSanitized, buildTools, ignore, runTour, strideOr, withTourEnv } from "./tools.ts";

/** Of the injector's runs: the sanitizers themselves take longer to start than a scenario takes. */
const STRIDE = strideOr(40);
const TIMEOUT_MS = 30 * 60_000;

Deno.test("the sanitized library sees a read beyond the end of a record", { ignore }, async () => {
  const { preload } = await buildSanitized();
  const { code, stderr } = await runTour("overrun", { env: { LD_PRELOAD: preload } });
  assertNotStrictEquals(code, 0);
  assertMatch(stderr, /AddressSanitizer: /);
});

Deno.test("no call accesses invalid memory, or has undefined behaviour", { ignore }, async () => {
  const { preload } = await buildSanitized();
  const { code, stdout, stderr } = await runTour("all", { env: { LD_PRELOAD: preload } });
  assertStrictEquals(code, 0, stdout + stderr);
});

Deno.test("no call does so after another one has failed, or was killed", { ignore }, () =>
  withDir(async (dir) => {
    const [{ tour, injector }, { library, preload }] = await Promise.all([buildTools(), buildSanitized()]);
    const command = [injector, "-s", String(STRIDE), "-p", preload, library, tour];
    const { code, stdout, stderr } = await withTourEnv(
      dir,
      {},
      ({ LD_PRELOAD: _, ...env }) => run(command, { env, timeoutMs: TIMEOUT_MS }),
    );
    assert(code <= 1 && / runs, /.test(stdout), stdout + stderr);
    assertNotMatch(stdout, /Sanitizer|runtime error|SUMMARY|ended by/);
  }));

/** As `unsock run valgrind PROGRAM` does it: valgrind's own programs are under the library too. */
Deno.test("no call uses a value that was never set (valgrind)", { ignore: ignore || !need("valgrind") }, async () => {
  const before = ["valgrind", "-q", "--error-exitcode=9", "--leak-check=no"];
  const { code, stdout, stderr } = await runTour("all", { before, env: { LD_PRELOAD: libraryFile() } });
  assertStrictEquals(code, 0, stdout + stderr);
});
