/**
 * The compiled binary's first module. `scripts/compile.ts` puts it into one file with all that the library's commands need:
 * each module that the runtime loads delays them.
 */
import process from "node:process";
import { runDirectly } from "../../lib/run/direct.ts";

try {
  await runDirectly(process.argv.slice(2));
} catch {
  // `main.ts` tries once more, meets the same, and says it.
}
const { start } = await import("../../main.ts");
await start();
