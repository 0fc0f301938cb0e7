/** Measures the cost of preloading the library into a program. `command_starts.ts` measures the start of commands. */
import type { Count } from "./report.ts";
import { output, type Rig, unsockEnvironment } from "./rig.ts";
import { difference, quantile } from "./stats.ts";

const NANOSECONDS = 1e3;
const ROUNDS = 1000;

/** Measures the start of an empty program with an empty library and with libunsock.so, in turn. */
export async function measureLoad(rig: Rig): Promise<Count> {
  const title = "A program with an empty library, and with libunsock.so";
  rig.progress(title);
  const settings = Object.entries(unsockEnvironment(rig.library, `${rig.sockets}/s`)).map(([name, value]) => {
    return `${name}=${value}`;
  });
  const commands = [[`LD_PRELOAD=${rig.emptyLibrary}`, rig.emptyProgram], [...settings, rig.emptyProgram]];
  const words = commands.flatMap((command) => ["++", ...command]);
  const times: number[][] = JSON.parse(await output([rig.spawner, `${rig.quick ? 2 : ROUNDS}`, ...words]));
  const column = (index: number) => times.map((round) => (round[index] ?? NaN) / NANOSECONDS);
  const without = quantile(column(0), 0.5);
  // Takes the difference round by round, since it is smaller than the machine's variation from minute to minute.
  return { name: "load", title, unit: "µs", without, with: without + difference(column(1), column(0)).median };
}
