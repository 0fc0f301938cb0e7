/** Waiting for a directory to change, whether it exists yet or not. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import { statOrUndefined } from "./files.ts";

/** Watches a directory; where it does not exist, the nearest one above it that does. */
export class DirectoryWatch implements Disposable {
  readonly #directory: string;
  #place = "";
  #watcher: fs.FSWatcher | undefined;
  #isChanged = false;
  #wake: (() => void) | undefined;

  /** @param directory Absolute path. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#arm();
  }

  /** Watches the nearest directory that exists. Changes before the watch began are not reported: it looks once more. */
  #arm(): void {
    if (this.#watcher !== undefined && nearestExisting(this.#directory) === this.#place) return;
    do {
      this.#close();
      this.#place = nearestExisting(this.#directory);
      try {
        this.#watcher = fs.watch(this.#place, () => this.#tell());
        this.#watcher.on("error", () => this.#close()); // the directory is gone
      } catch {
        // No watch is left for this user: the caller's own time has to do.
      }
    } while (nearestExisting(this.#directory) !== this.#place);
  }

  #tell(): void {
    this.#isChanged = true;
    this.#wake?.();
  }

  #close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /**
   * Waits for the next change since the last call.
   *
   * @param mostMs How long at most; events that do not change the directory are not seen earlier.
   */
  async change(mostMs: number): Promise<void> {
    if (!this.#isChanged) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, mostMs);
      });
      clearTimeout(timer);
    }
    this.#wake = undefined;
    this.#isChanged = false;
    this.#arm();
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
