/** Tools and constants for all files that are shipped. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { interrupted } from "../interruption.ts";
import { whileShown } from "../progress.ts";

export const ROOT = path.join(import.meta.dirname ?? ".", "..", "..");

/** The directory of all shipped files. It is replaced as a whole. */
const DIST = path.join(ROOT, "dist");

/**
 * The date of all files in archives, in seconds since 1970: the same files make the same archive. By default
 * 2000-01-01.
 */
export const DATE = Deno.env.get("SOURCE_DATE_EPOCH") || "946684800";

/**
 * Runs a tool to its end. Shows nothing of its output.
 *
 * @returns The tool's standard output.
 * @throws {Error} With the tool's own reason in one line.
 */
export async function run(
  program: string,
  args: readonly string[],
  cwd = ROOT,
  env: Record<string, string> = {},
): Promise<string> {
  interrupted.throwIfAborted();
  const command = new Deno.Command(program, { args: [...args], cwd, env, signal: interrupted });
  const shown = `${path.basename(program)} ${args[0] ?? ""}`;
  const { success, stdout, stderr } = await whileShown(shown, command.output());
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${shown}: ${firstReason(new TextDecoder().decode(stderr))}`);
}

/** Returns the causes that Deno lists below an error; else the first line that names an error; else the last line. */
function firstReason(text: string): string {
  // deno-lint-ignore no-control-regex
  const lines = text.replace(/\x1b\[[0-9;]*m/g, "").split("\n").map((line) => line.trim()).filter((line) =>
    line !== ""
  );
  const causes = lines.filter((line) => /^[01]: (?!<)/.test(line)).map((line) => line.slice(3).replace(/\.$/, ""));
  const error = lines.map((line) => /^(?:error:|\S+ \[ERROR\]) (.*)$/.exec(line)?.[1]).find((text) =>
    text !== undefined
  );
  return causes.length > 0 ? causes.join(": ") : error ?? lines.at(-1) ?? "it says nothing";
}

/** @returns The SHA-256 of the file, in hexadecimal digits. */
export async function sha256(file: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Options of GNU tar that make the same archive of the same files, whatever their owners and dates. */
export const ALIKE = [
  "--sort=name",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--mode=u=rwX,go=rX",
  `--mtime=@${DATE}`,
];

/** Runs `body` with a new directory, and removes the directory at the end. */
export async function withStage<T>(body: (stage: string) => Promise<T>): Promise<T> {
  interrupted.throwIfAborted();
  const stage = await Deno.makeTempDir({ prefix: "unsock-dist-" });
  try {
    return await body(stage);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

/**
 * Makes `dist/` anew. The old one stays until everything is made, and also if the work fails.
 *
 * @param fill Puts all files into the directory that it gets, which then becomes `dist/`.
 * @returns The files in `dist/`, sorted.
 */
export async function makeDist(fill: (directory: string) => Promise<void>): Promise<string[]> {
  const build = path.join(ROOT, "build");
  await Deno.mkdir(build, { recursive: true });
  // Made on the same file system as `dist/`, so that it can be renamed.
  const begun = await Deno.makeTempDir({ dir: build, prefix: "dist-" });
  const made = path.join(begun, "new");
  try {
    await Deno.mkdir(made);
    await fill(made);
    await run("chmod", ["-R", "u=rwX,go=rX", made]);
    interrupted.throwIfAborted();
    // There is no await between the two renames, so no signal is handled between them.
    if (statOrUndefined(DIST) !== undefined) Deno.renameSync(DIST, path.join(begun, "old"));
    Deno.renameSync(made, DIST);
  } finally {
    await Deno.remove(begun, { recursive: true });
  }
  return Array.from(Deno.readDirSync(DIST), ({ name }) => path.join(DIST, name)).toSorted();
}

/** Packs files and directories into one directory `name` in the archive. */
export async function pack(archive: string, name: string, from: readonly string[]): Promise<void> {
  await withStage(async (stage) => {
    await Deno.mkdir(path.join(stage, name));
    await run("cp", ["-a", ...from, path.join(stage, name)]);
    // gzip runs as tar's child, so that the header of its output has no name and no time.
    await run("tar", [...ALIKE, "-czf", archive, name], stage);
  });
}
