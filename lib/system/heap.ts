/**
 * Options of V8 that keep `expose --http` small: without them the heap grows to more than twice the size before V8
 * collects.
 */
import v8 from "node:v8";
import { IS_DENO } from "./runtime.ts";

/** For Deno, which takes options only when it starts. Smaller still, a third of the processor time goes into collecting. */
export const SMALL_HEAP = "--max-semi-space-size=2,--heap-growing-percent=30";

/** For Node.js, which takes this at any time. */
const SMALL_OLD_PART = "--heap-growing-percent=30";
/** For Node.js, which takes the size of the young part only when it starts, but forbids its growth at any time. */
const NO_GROWTH = "--semi-space-growth-factor=1";
/** The young part, both halves, as in Deno. */
const YOUNG_SIZE = 4 << 20;
const FILLER = { rounds: 100, objects: 4_000 };

/** @returns The size of the young part; 0 on Bun, which has none. */
function youngSize(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;
}

/** True while the young part may grow. */
function isSmaller(): boolean {
  const size = youngSize();
  return size > 0 && size < YOUNG_SIZE;
}

/** Keeps the heap of Node.js small: lets its young part grow to its size, and no further. */
export function keepHeapSmall(): void {
  if (IS_DENO) return;
  v8.setFlagsFromString(SMALL_OLD_PART);
  // The part grows when much of it is in use.
  const filler: unknown[] = [];
  for (let round = 0; round < FILLER.rounds && isSmaller(); round++) {
    filler[0] = Array.from({ length: FILLER.objects }, (_, number) => [number]);
  }
  v8.setFlagsFromString(NO_GROWTH);
}
