/** Runs a test's program under unsock: by the environment (fast) or by the command line (as a user does). */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { Library } from "../../lib/library/query.ts";
import { Environ } from "../../lib/system/environ.ts";
import { build } from "../../scripts/build.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** The variable that a task sets if it has just built the library, so that test files need not check. */
export const BUILT = "UNSOCK_TEST_BUILT";

// `deno test -A` alone, in a fresh clone, builds missing files. Several that do so at once do not disturb each other.
if (Deno.env.get(BUILT) !== "1") await build([]);

/** The runtime's cache of the command line's imports. A test that gives it another `HOME` must set it as `DENO_DIR`. */
export const RUNTIME_CACHE = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;

/** The default addresses of `unsock run`: local traffic. */
const RUN_ADDRESSES = "127.0.0.1/8,0.0.0.0,::1,::";

/**
 * Returns the path of the tested library.
 *
 * @returns The absolute path of the source tree's build/libunsock.so.
 */
export function libraryFile(): string {
  return join(ROOT, "build", "libunsock.so");
}

/** @returns The library, to be asked as the command line does, in an environment with these variables alone. */
export function askedLibrary(variables: Readonly<Record<string, string>> = {}): Library {
  return new Library(libraryFile(), Environ.of(variables));
}

/** The library's functions that return names of its tables by index. */
const NAMES = {
  unsock_call_name: { parameters: ["u32"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Asks the library for one of its own tables. Unlike `openFunctions` this leaves the environment alone, which all test files of a
 * process share.
 *
 * @param table The function that returns the names. `unsock_call_name`: of the intercepted calls (c/rt/calls.h).
 * @returns All names, in the table's order.
 */
export function namesInLibrary(table: keyof typeof NAMES): string[] {
  const library = Deno.dlopen(libraryFile(), NAMES);
  try {
    const names: string[] = [];
    for (;;) {
      const name = library.symbols[table](names.length);
      if (name === null) return names;
      names.push(Deno.UnsafePointerView.getCString(name));
    }
  } finally {
    library.close();
  }
}

/**
 * Makes the environment that `unsock run` with its defaults would give to a program.
 *
 * @param dir The absolute directory of the socket files.
 * @param extra Variables to add or to override.
 * @returns The variables to add to a child's environment.
 */
export function libraryEnv(dir: string, extra: Record<string, string> = {}): Record<string, string> {
  return {
    LD_PRELOAD: libraryFile(),
    UNSOCK_DIR: dir,
    UNSOCK_ADDR: RUN_ADDRESSES,
    UNSOCK_ACCEPT_CONVERT_ALL: "1",
    ...extra,
  };
}

/**
 * Makes the command that runs `cmd` under `unsock run`: from source, or the compiled binary that the variable
 * UNSOCK_TEST_BINARY names.
 *
 * @param dir The absolute directory of the socket files.
 * @param cmd The program and its arguments.
 * @param options More options of `unsock run`.
 * @returns The argument vector to start.
 */
export function unsockRun(dir: string, cmd: string[], options: string[] = []): string[] {
  const binary = Deno.env.get("UNSOCK_TEST_BINARY");
  const unsock = binary ? [binary] : [Deno.execPath(), "run", "-A", join(ROOT, "main.ts")];
  return [...unsock, "run", "--dir", dir, ...options, "--", ...cmd];
}
