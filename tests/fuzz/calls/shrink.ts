/** Makes a program shorter as long as it shows the same kind of difference. */
import type { Program } from "./generate.ts";

/**
 * Takes out lines, half of them first and single ones last, until each that is left is needed.
 *
 * @param shows Whether a shorter program still does.
 */
export async function shrink(program: Program, shows: (shorter: Program) => Promise<boolean>): Promise<Program> {
  let best = program;
  for (let size = Math.ceil(best.length / 2); size >= 1;) {
    let isShorter = false;
    for (let at = best.length - size; at > -size; at -= size) {
      const from = Math.max(at, 0);
      const shorter = [...best.slice(0, from), ...best.slice(Math.max(at + size, 0))];
      if (shorter.length === best.length || !await shows(shorter)) continue;
      best = shorter;
      isShorter = true;
    }
    if (size === 1 && !isShorter) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  return best;
}
