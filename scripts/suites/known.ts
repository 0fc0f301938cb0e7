/** The differences that are known, each with its reason: `known.json`. */

export interface Known {
  /** The cause, and why it stays. */
  readonly why: string;
  /** The names of tests, by suite, as the task prints them. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

export function parseKnown(text: string): Known[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error("known.json: not a list");
  return list.map((entry: Known, i) => {
    const { why, tests } = entry;
    const names = typeof tests === "object" ? Object.values(tests) : [];
    const sound = names.length > 0 && names.every((one) => Array.isArray(one) && one.length > 0);
    if (typeof why !== "string" || why === "" || !sound) {
      throw new Error(`known.json: entry ${i} lacks a reason or tests`);
    }
    return entry;
  });
}

export function isKnown(known: readonly Known[], suite: string, test: string): boolean {
  return known.some(({ tests }) => tests[suite]?.includes(test));
}

/** Returns the suite's known differences that no longer differ. Only the parts that ran count. */
export function noLongerDiffers(
  known: readonly Known[],
  run: { name: string; parts: readonly string[]; differ: readonly string[]; unsteady: readonly string[] },
): string[] {
  const names = known.flatMap(({ tests }) => tests[run.name] ?? []);
  const ran = names.filter((test) => run.parts.some((part) => test.startsWith(`${part}: `)));
  return ran.filter((test) => !run.differ.includes(test) && !run.unsteady.includes(test));
}
