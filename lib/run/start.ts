/**
 * The compiled binary's first module. `scripts/compile.ts` puts it into one file with all that `run` needs: each module
 * that the runtime loads delays the command.
 */
import process from "node:process";
import { runDirectly } from "./direct.ts";

const args = process.argv.slice(2);
if (args[0] === "run") {
  try {
    await runDirectly(args);
  } catch {
    // `main.ts` tries once more, meets the same, and says it.
  }
}
const { start } = await import("../../main.ts");
await start();
