/** Decides when a soak ends: after its time, or by a signal. */

export class Stop {
  readonly #waiting = new Set<() => void>();
  #isSet = false;

  get isSet(): boolean {
    return this.#isSet;
  }

  set(): void {
    this.#isSet = true;
    for (const wake of this.#waiting) wake();
  }

  /** Waits `milliseconds`, or until the soak must end. Returns true if it must end. */
  async pause(milliseconds: number): Promise<boolean> {
    if (this.#isSet) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#waiting.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
    return this.#isSet;
  }
}
