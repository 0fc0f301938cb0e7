/** Waiting for a directory to change, whether it exists yet or not. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "./files.ts";

/** Watches a directory; where it does not exist, the nearest one above it that does. */
export class DirectoryWatch implements Disposable {
  readonly #directory: string;
  #place = "";
  #watcher: Deno.FsWatcher | undefined;
  #next: Promise<unknown> | undefined;

  /** @param directory Absolute path. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#arm();
  }

  /** No change tells what was made before the watch was there: so until its place is still the nearest one. */
  #arm(): void {
    if (this.#next !== undefined && nearestExisting(this.#directory) === this.#place) return;
    do {
      this.#close();
      this.#place = nearestExisting(this.#directory);
      try {
        this.#watcher = Deno.watchFs(this.#place, { recursive: false });
      } catch {
        // No watch is left for this user: the caller's own time has to do.
      }
    } while (nearestExisting(this.#directory) !== this.#place);
  }

  #close(): void {
    this.#next = undefined;
    try {
      this.#watcher?.close();
    } catch {
      // It ended by itself, with the directory.
    }
    this.#watcher = undefined;
  }

  /**
   * Waits for the next change since the last call.
   *
   * @param mostMs How long at most; what happens without a change of the directory is not seen before.
   */
  async change(mostMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), mostMs));
    this.#next ??= this.#watcher?.[Symbol.asyncIterator]().next().then(() => true);
    try {
      const changed = await Promise.race([timeout, ...this.#next === undefined ? [] : [this.#next]]);
      if (changed !== false) this.#next = undefined;
    } finally {
      clearTimeout(timer);
      this.#arm();
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

function nearestExisting(directory: string): string {
  return directory === "/" || statOrUndefined(directory) !== undefined
    ? directory
    : nearestExisting(path.dirname(directory));
}
