/** Shared by the tests of the packages in dist/. */
import { assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { VERSION } from "../../lib/system/version.ts";
import { DEBIAN_VERSION } from "../../scripts/dist/deb.ts";
import { ROOT } from "../support/foreign.ts";
import { run, type RunResult } from "../support/process.ts";
import { compiled } from "./binary.ts";

/** Where the packages are. */
export const DIST = join(ROOT, "dist");
/** The archive's name, and that of the directory in it. */
export const NAME = `unsock-${VERSION}-linux-${Deno.build.arch}`;
export const ARCHIVE = join(DIST, `${NAME}.tar.gz`);
export const DEB = join(DIST, `unsock_${DEBIAN_VERSION}_amd64.deb`);
const AMD64 = Deno.build.arch === "x86_64";
export const LONG_MS = 600_000;

/** For tests of what `deno task package` makes: `deno task compile` alone makes none of it. */
export const ignore = compiled.ignore || !AMD64 || statOrUndefined(DEB) === undefined;

/** Runs a command, which must succeed. */
export async function succeed(command: string[], cwd = DIST): Promise<RunResult> {
  const result = await run(command, { cwd, timeoutMs: LONG_MS, env: { LC_ALL: "C" } });
  assertStrictEquals(result.code, 0, `${command.join(" ")}: ${result.stdout}${result.stderr}`);
  return result;
}

/** The same in a root of its own, with the /proc in which programs find themselves. */
export async function succeedIn(root: string, command: readonly string[]): Promise<RunResult> {
  const enter = 'mkdir -p "$0/proc" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  return await succeed(["unshare", "-mpf", "sh", "-c", enter, root, ...command]);
}

/** @returns The files and links below a directory, sorted. */
export async function filesBelow(directory: string): Promise<string[]> {
  const { stdout } = await succeed(["find", ".", "-type", "f", "-o", "-type", "l"], directory);
  return stdout.trim().split("\n").filter((line) => line !== "").toSorted();
}
