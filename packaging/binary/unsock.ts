/**
 * The compiled binary's first module. `scripts/compile.ts` puts it into one file with all modules that the library's
 * commands need: each further file that the runtime loads would delay them.
 */
import process from "node:process";
import { runDirectly } from "../../lib/run/direct.ts";

try {
  await runDirectly(process.argv.slice(2));
} catch {
  // `main.ts` tries once more, fails with the same error, and prints it.
}
const { start } = await import("../../main.ts");
await start();
