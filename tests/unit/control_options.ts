/** The options of `make-control`, read in this process. */
import { COMMANDS } from "../../lib/commands/table.ts";
import type { ControlFile } from "../../lib/control/format.ts";
import { readControlOptions } from "../../lib/control/options.ts";
import type { ControlOptions } from "../../lib/control/option_table.ts";
import { readOptions } from "../../lib/system/options.ts";

/** The working directory of these tests. */
export const WORKING = "/work";

/** Files that are there, and where their links lead. */
const REAL: Readonly<Record<string, string>> = { there: "/work/there", link: "/elsewhere/real" };

/**
 * @param words As they stand on a command line.
 * @param isRemoved Whether the working directory was removed.
 * @returns The control file that they describe.
 */
export function readWords(words: readonly string[], isRemoved = false): ControlFile {
  const table = COMMANDS.find(({ name }) => name === "make-control")?.options ?? {};
  const { values } = readOptions(table, words, false);
  // The values were read by this very table.
  return readControlOptions(values as ControlOptions, {
    working: () => isRemoved ? undefined : WORKING,
    real: (path) => REAL[path],
  });
}
