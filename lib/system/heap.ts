/**
 * The option of V8 that keeps `expose --http` below 100 MB: without it the heap grows to more than twice the size
 * before V8 collects. Node.js takes it at any time, Deno only when it starts.
 */
export const SMALL_HEAP = "--optimize-for-size";
