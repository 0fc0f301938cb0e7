/**
 * Every system call of the library fails once, with each plausible errno, and is the last one of a process that is
 * killed there. Afterwards there was no crash and no hang; no descriptor is left, and no file for ever; all ports are
 * free; and the guard, a server in the same directory, was served throughout.
 *
 * By hand, all of it, and not only each n-th run: UNSOCK_TEST_STRIDE=1.
 */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { buildTools, ignore, strideOr, withTourEnv } from "./tools.ts";

const STRIDE = strideOr(15);
const TIMEOUT_MS = 20 * 60_000;

/**
 * @param scenarios Of the tour; none: all.
 * @returns The findings, a line each.
 */
async function findings(
  dir: string,
  env: Record<string, string>,
  stride: number,
  offset: number,
  scenarios: string[] = [],
): Promise<string[]> {
  const { tour, injector } = await buildTools();
  const command = [injector, "-s", String(stride), "-o", String(offset), libraryFile(), tour, ...scenarios];
  const { code, stdout, stderr } = await withTourEnv(
    dir,
    env,
    ({ LD_PRELOAD: _, ...variables }) => run(command, { env: variables, timeoutMs: TIMEOUT_MS }),
  );
  const lines = stdout.trimEnd().split("\n");
  const summary = /^(\d+) runs, \d+ findings$/.exec(lines.pop() ?? "");
  assert(summary && code <= 1, `${lines.join("\n")}\n${stderr}`);
  assert(Number(summary[1]) > (scenarios.length > 0 ? 100 * scenarios.length : 4000) / stride, summary[0]);
  return lines;
}

Deno.test(
  "whatever system call fails, and wherever it is killed, a process leaves all as it was",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(await findings(dir, {}, STRIDE, 0), []);
    }),
);

Deno.test("the same in a directory of several users, with a log and a mode", { ignore }, () =>
  withDir(async (dir) => {
    const shared = `${dir}/shared`;
    await Deno.mkdir(shared);
    await Deno.chmod(shared, 0o1777);
    const env = { UNSOCK_LOG: `${dir}/log`, UNSOCK_MODE: "0660" };
    assertEquals(await findings(shared, env, STRIDE, STRIDE >> 1), []);
  }));

/** Here what the program is told decides whether it takes nobody for a server: all of it, and it is short. */
Deno.test(
  "whatever system call fails, the reported result of a connect or a datagram is right",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(await findings(dir, {}, 1, 0, ["refused", "refused and asked", "datagram-connected"]), []);
    }),
);
