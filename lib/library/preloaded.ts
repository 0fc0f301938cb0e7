/** Finds the `libunsock.so` that programs preload. */
import * as path from "@std/path/posix";
import { Library, type Question } from "./query.ts";
import type { Environ } from "../system/environ.ts";
import { LibraryError } from "../system/errors.ts";
import { effectiveUser } from "../system/users.ts";
import { isForEverybody } from "./access.ts";
import { findLibrary } from "./find.ts";

/** The question whether the file is this library and can be preloaded. If not, `Library.ask` throws the reason. */
function libraryQuestion(file: string): Question<true> {
  return { word: `library=${file}`, failure: LibraryError, read: () => true };
}

/** A library that can be preloaded. */
export interface Preloaded {
  /** An absolute path that `LD_PRELOAD` can hold. */
  readonly file: string;
  /** False if this user is root and other users cannot read the file. */
  readonly forEverybody: boolean;
}

/**
 * Finds the library to preload: `--lib`, `UNSOCK_LIB`, else that of {@linkcode findLibrary}. The command line's own
 * library checks the library to preload, and runs none of its code.
 *
 * @param option The value of `--lib`.
 * @throws {LibraryError} When no library is found, or the named one cannot be preloaded.
 */
export function findPreloaded(option: string | undefined, environ: Environ): Preloaded {
  const own = findLibrary(option, (name) => environ.getFilled(name));
  const named = option ?? environ.getFilled("UNSOCK_LIB");
  const file = named === undefined ? own : path.resolve(named);
  new Library(own, environ).ask(libraryQuestion(file));
  return { file, forEverybody: effectiveUser() !== 0 || isForEverybody(file) };
}
