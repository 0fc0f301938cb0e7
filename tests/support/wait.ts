/** Waits for a condition, instead of sleeping for a fixed time. */

type Maybe<T> = T | undefined | false | null;

/**
 * Calls `fn` again and again until it returns something truthy.
 *
 * @param what Names the condition in the error message.
 * @param fn Returns the result, or something falsy while there is none. A file that it reads may be missing; any other
 *   exception ends the wait.
 * @param timeoutMs How long to try, in milliseconds.
 * @returns The first truthy result.
 * @throws {Error} when the time is over.
 */
export async function until<T>(
  what: string,
  fn: () => Maybe<T> | Promise<Maybe<T>>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    let missing: unknown;
    try {
      const result = await fn();
      if (result) return result;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      missing = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause: missing });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
