/** The soak's reading of a directory in which names come and go. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { Library, type Question, type RunOptions } from "../../lib/library/query.ts";
import { Environ } from "../../lib/system/environ.ts";
import { readFiles } from "../../scripts/soak/directory.ts";
import { withDir } from "../support/dir.ts";
import { libraryFile } from "../support/library.ts";

/** The library, before whose answers about names the files are gone, and after which they are there again. */
class Blinking extends Library {
  readonly #files: readonly string[];

  constructor(files: readonly string[]) {
    super(libraryFile(), Environ.of({}));
    this.#files = files;
  }

  override ask<T>(question: Question<T>, options?: RunOptions): T {
    const blinks = question.word.startsWith("names");
    if (blinks) { for (const file of this.#files) Deno.removeSync(file); }
    const answer = super.ask(question, options);
    if (blinks) { for (const file of this.#files) Deno.writeTextFileSync(file, ""); }
    return answer;
  }
}

Deno.test("the soak passes over a lock that is made anew while it reads, and no file that was there before", () =>
  withDir((dir) => {
    const [lock, strange] = [join(dir, ".unsock.lock"), join(dir, "strange")];
    for (const file of [lock, strange]) Deno.writeTextFileSync(file, "");
    Deno.utimeSync(strange, 1, 1);
    const names = readFiles(dir, new Blinking([lock])).map(({ name, port }) => [name, port]);
    assertEquals(names, [["strange", undefined]]);
    return Promise.resolve();
  }));
