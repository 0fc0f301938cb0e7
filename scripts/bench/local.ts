/** Proves that local measurements are local: they also work in a namespace without a network, even without loopback. */
import { LOOPBACK } from "./report.ts";
import { type Attempts, interleave, output, type Variant } from "./rig.ts";

const WALLS: readonly (readonly string[])[] = [["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"]];

/** Returns the prefix that runs a command in a namespace without a network, or undefined if none works here. */
async function findWall(): Promise<readonly string[] | undefined> {
  for (const wall of WALLS) {
    if (await output([...wall, "true"]).then(() => true, () => false)) return wall;
  }
  return undefined;
}

/**
 * Tries every way except loopback in a namespace without a network.
 *
 * @param attempt Does the work once, with `prefix` in front of its command.
 * @returns The ways to measure, and the reasons why the others fail.
 * @throws {Error} When a way fails that may not fail.
 */
export async function localOnes(
  variants: readonly Variant[],
  attempt: (variant: Variant, prefix: readonly string[]) => Promise<unknown>,
): Promise<Omit<Attempts, "samples"> & { variants: readonly Variant[] }> {
  const wall = await findWall();
  if (wall === undefined) return { variants, failed: [], notes: ["nobody looked whether it is local: unshare failed"] };
  const tried = variants.filter(({ name }) => name !== LOOPBACK);
  const { failed, notes } = await interleave(tried, 1, async (variant) => {
    await attempt(variant, wall);
    return 1;
  });
  return { variants: variants.filter(({ name }) => !failed.includes(name)), failed, notes };
}
