/** The tool that runs the schedules of a scenario: `explore.c`. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryEnv } from "../support/library.ts";
import type { Scenario } from "./scenarios.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const ROOT = join(HERE, "..", "..");
const FLAGS = ["-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", "-Ic"];
const PARTS = ["explore.c", "neighbours.c", "operations.c", "oracle.c", "processes.c"];

/** Which schedules. */
export interface Choice {
  /** How many, chosen at random; all, unless told. */
  readonly most?: number;
  readonly seed?: number;
  /** Random walks of up to so many turns, `most` of them, instead of one turn each. */
  readonly turns?: number;
  /** The first process is killed where it has got to; in a walk up to so many of any. */
  readonly kills: number;
  /** Or the first one's next call fails with this errno, if it changes the directory. */
  readonly failure?: number;
  /** UNSOCK_ONE_ADDRESS is set. */
  readonly oneAddress?: boolean;
  /** How long all of them may take. */
  readonly timeoutMs?: number;
}

/** Their results. */
export interface Explored {
  readonly schedules: number;
  /** A line each, which begins with the schedule: `explore -r SCHEDULE` runs it again. */
  readonly findings: readonly string[];
}

/**
 * Compiles the tool.
 *
 * @param dir The directory of a test.
 * @returns Its path.
 * @throws {Error} with the compiler's words.
 */
export async function buildExplorer(dir: string): Promise<string> {
  const command = ["cc", ...FLAGS, "-o", `${dir}/explore`, ...PARTS.map((part) => join(HERE, part)), "-ldl"];
  const { code, stderr } = await run(command, { cwd: ROOT });
  assertStrictEquals(code, 0, stderr);
  return `${dir}/explore`;
}

/**
 * Runs schedules of a scenario, in a directory of their own.
 *
 * @param tool The result of `buildExplorer`.
 * @throws {Error} when the tool itself fails.
 */
export async function explore(tool: string, scenario: Scenario, choice: Choice): Promise<Explored> {
  let explored: Explored | undefined;
  await withDir(async (dir) => {
    await Deno.chmod(dir, scenario.mode ?? 0o700);
    const options = [
      ...(choice.kills > 0 ? ["-k", `${choice.kills}`] : []),
      ...(choice.turns === undefined ? [] : ["-w", `${choice.turns}`]),
      ...(choice.failure === undefined ? [] : ["-e", `${choice.failure}`]),
      ...(choice.oneAddress ? ["-1"] : []),
      ...(choice.most === undefined ? [] : ["-n", `${choice.most}`]),
      ...(choice.seed === undefined ? [] : ["-s", `${choice.seed}`]),
    ];
    const env = libraryEnv(dir, choice.oneAddress ? { UNSOCK_ONE_ADDRESS: "1" } : {});
    const { stdout, stderr } = await run([tool, ...options, dir, scenario.text], { env, timeoutMs: choice.timeoutMs });
    const [, schedules, findings] = /^(\d+) schedules, (\d+) findings\n$/m.exec(stdout) ?? [];
    if (schedules === undefined || findings === undefined) {
      throw new Error(`explore ${scenario.text}: ${stderr}${stdout}`);
    }
    const lines = stdout.trimEnd().split("\n").slice(0, -1).filter((line) => !scenario.known?.test(line));
    explored = { schedules: Number(schedules), findings: lines };
  });
  if (explored === undefined) throw new Error("unreachable: withDir has run it or thrown");
  return explored;
}
