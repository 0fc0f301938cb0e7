/** Everything that has to be green before a commit. Usage: `deno task ok`. */
import * as path from "node:path";

const ROOT = path.join(import.meta.dirname ?? ".", "..");

/** In order of how soon they fail. C warnings are errors in the build; the tests check the exported symbols. */
const STEPS: readonly (readonly string[])[] = [
  ["fmt", "--check"],
  ["lint"],
  ["check", "main.ts", "scripts/", "tests/"],
  ["run", "-A", "scripts/build.ts", "--debug"],
  ["run", "-A", "scripts/test.ts"],
];

for (const args of STEPS) {
  console.log(`deno ${args.join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
