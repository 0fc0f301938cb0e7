/** The recipes of docs/recipes.md and libunsock(7) without `unsock run`: by the environment alone. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { libraryManual } from "../../lib/help/manual.ts";
import type { RunResult } from "./process.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");

/** Replaces the page's own programs, which a bare machine lacks. Prints the files mapped into its process. */
const PROBE = `sh -c 'while read -r line; do echo "$line"; done </proc/$$/maps'`;
const PROGRAMS = /\b(nc -l|python3 -m http\.server|curl) .*$/gm;

/** @returns Shell scripts by their page; each starts programs with the library in them. */
function preloadRecipes(): Record<string, string> {
  const page = Deno.readTextFileSync(join(ROOT, "docs/recipes.md"));
  const blocks = Array.from(page.matchAll(/^```sh\n(.*?)^```$/gms), ([, text = ""]) => text);
  const command = blocks.find((text) => text.includes("LD_PRELOAD="));
  const shell = blocks.find((text) => text.includes("unsock env"));
  const example = /^\.SH EXAMPLES\n.*?^\.nf\n(.*?)^\.fi$/ms.exec(libraryManual([]))?.[1]?.replaceAll("\\-", "-");
  assert(command !== undefined && shell !== undefined && example !== undefined);
  return {
    "docs/recipes.md, for one command": command,
    "docs/recipes.md, for a shell": `${shell}${PROBE}\n`,
    "libunsock(7)": example,
  };
}

/**
 * Checks that each recipe starts programs with the library in them, as it is installed.
 *
 * @param library Where the installation has put it: all of a path, or its end.
 * @param sh Runs a script by a shell in whose PATH the installed `unsock` is.
 */
export async function assertRecipesPreload(
  library: string | RegExp,
  sh: (script: string) => Promise<RunResult>,
): Promise<void> {
  const path = await sh("unsock path --lib");
  if (typeof library === "string") assertStrictEquals(path.stdout, `${library}\n`, path.stderr);
  else assertMatch(path.stdout.trimEnd(), library, path.stderr);
  const mapped = path.stdout.trim();
  for (const [where, recipe] of Object.entries(preloadRecipes())) {
    const script = recipe.replaceAll(PROGRAMS, (program) => PROBE + (program.endsWith("&") ? " & wait" : ""));
    const { code, stdout, stderr } = await sh(script);
    assertStrictEquals(code, 0, `${where}: ${script}${stdout}${stderr}`);
    const programs = script.split(PROBE).length - 1;
    const first = stdout.split("\n").filter((line) => line.endsWith(` ${mapped}`) && line.includes(" 00000000 "));
    assertStrictEquals(first.length, programs, `${where}: ${script}${stdout}${stderr}`);
  }
}
