/** Decides when to give up a run: not after a fixed time, too short for a slow machine, but after a long time without output. */

export class Patience {
  readonly #ms: number;
  readonly #now: () => number;
  #seen: number | undefined;
  #since: number;

  /**
   * @param ms For how long nothing may come.
   * @param now A clock, in milliseconds.
   */
  constructor(ms: number, now: () => number = () => performance.now()) {
    this.#ms = ms;
    this.#now = now;
    this.#since = now();
  }

  /**
   * @param progress Any number that changes when something has come.
   * @returns Whether it has been the same for too long.
   */
  isOver(progress: number): boolean {
    const now = this.#now();
    if (progress !== this.#seen) {
      this.#seen = progress;
      this.#since = now;
    }
    return now - this.#since >= this.#ms;
  }
}
