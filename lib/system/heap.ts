/**
 * Options of V8 that keep `expose --http` small: without them the heap grows to more than twice the size before V8
 * collects.
 */

/** For Deno, which takes options only when it starts. Smaller still, a third of the processor time goes into collecting. */
export const SMALL_HEAP = "--max-semi-space-size=2,--heap-growing-percent=30";

/** For Node.js, which takes most options at any time, but not those above. */
export const SMALL_HEAP_LATER = "--optimize-for-size";
