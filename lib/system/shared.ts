/** Does work once for all that ask for it at about the same time, and not twice at a time. */
export class Shared<T> {
  readonly #work: () => Promise<T>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  /** @param work Is not called again before its last promise is settled. */
  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  /** @returns The result of work that begins after this call. All calls before it begins share it. */
  ask(): Promise<T> {
    return this.#next ??= this.#start();
  }

  async #start(): Promise<T> {
    await this.#running.catch(() => {});
    await new Promise(setImmediate); // requests that have arrived with this one share it
    this.#next = undefined;
    const result = this.#work();
    this.#running = result;
    return await result;
  }
}
