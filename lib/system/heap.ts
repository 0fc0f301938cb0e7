/** Options of V8 that keep the heap of `expose --http` small. Without them, the young generation grows to 67 MB. */
import v8 from "node:v8";
import { IS_DENO } from "./runtime.ts";

/** For Deno, which accepts options only at its start. With smaller values, V8 would collect too often. */
export const SMALL_HEAP = "--max-semi-space-size=2";

/** For Node.js: it accepts this limit of growth at any time, but the young generation's size only at its start. */
const NO_GROWTH = "--semi-space-growth-factor=1";
/**
 * For Node.js, at any time: the old generation may triple before V8 collects the whole heap. V8 counts the buffers of
 * HTTP bodies as a part of the old generation. By default, V8 would collect the heap once in 15 uploads of 1 MB.
 */
const OLD_GROWTH = "--heap-growing-percent=200";
/** The size of the young generation, both halves together, as `SMALL_HEAP` sets it. */
const YOUNG_SIZE = 4 << 20;
const FILLER = { rounds: 100, objects: 4_000 };

/** @returns The size of the young generation; 0 on Bun, which has none. */
function youngSize(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;
}

function isSmaller(): boolean {
  const size = youngSize();
  return size > 0 && size < YOUNG_SIZE;
}

/** Keeps the heap of Node.js small: makes the young generation grow to `YOUNG_SIZE`, and no further. */
export function keepHeapSmall(): void {
  if (IS_DENO) return;
  // The young generation grows when much of it is in use: fills it.
  const filler: unknown[] = [];
  for (let round = 0; round < FILLER.rounds && isSmaller(); round++) {
    filler[0] = Array.from({ length: FILLER.objects }, (_, number) => [number]);
  }
  v8.setFlagsFromString(NO_GROWTH);
  v8.setFlagsFromString(OLD_GROWTH);
}
