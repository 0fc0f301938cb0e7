/** Shares work: callers that ask at about the same time get the same result. The work never runs twice at once. */
import { setTimeout } from "node:timers/promises";

const REST_MOST_MS = 500;

export class Shared<T> {
  readonly #work: () => Promise<T>;
  readonly #rest: number;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  /**
   * @param rest The pause after the work, as a multiple of the work's own time, at most half a second. It leaves time
   *   for this process's other work.
   */
  constructor(work: () => Promise<T>, rest = 0) {
    this.#work = work;
    this.#rest = rest;
  }

  /** @returns The result of work that begins after this call. All calls before the work begins share the result. */
  ask(): Promise<T> {
    return this.#next ??= this.#start();
  }

  async #start(): Promise<T> {
    await this.#running.catch(() => {});
    await new Promise(setImmediate); // so that calls from events that are already pending share this work
    this.#next = undefined;
    const begun = performance.now();
    const result = this.#work();
    this.#running = result.finally(() => {
      const restMs = Math.min((performance.now() - begun) * this.#rest, REST_MOST_MS);
      return restMs > 0 ? setTimeout(restMs) : undefined;
    });
    return await result;
  }
}
