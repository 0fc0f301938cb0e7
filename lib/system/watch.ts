/** Waits for changes of a directory, which may not exist yet. */
import * as fs from "node:fs";
import { existingAbove } from "./files.ts";

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

  /** Watches the directory, or its nearest existing parent. If a nearer parent has been made, watches that instead. */
  #arm(): void {
    if (this.#watcher !== undefined && existingAbove(this.#directory) === this.#place) return;
    do {
      this.#close();
      this.#place = existingAbove(this.#directory);
      try {
        this.#watcher = fs.watch(this.#place, () => this.#tell());
        this.#watcher.on("error", () => this.#close()); // the directory is gone
      } catch {
        // If nothing can be watched, as when the user has too many watches, each wait lasts until its time-out.
      }
    } while (existingAbove(this.#directory) !== this.#place);
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
   * Waits until something has changed since the last call.
   *
   * @param mostMs The longest wait. After it, returns even if nothing has changed.
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
