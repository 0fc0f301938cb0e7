/** What `run` would set, by options and environment: asked of the library, which reads them (`c/program/exports.c`). */
import type { Environ } from "../system/environ.ts";
import { UsageError } from "../system/errors.ts";
import { cString, type Runner, textOf } from "../system/ffi.ts";
import { optionFlag, type OptionValue } from "../system/options.ts";

/** A directory, and whether the user named it. */
export interface ChosenDirectory {
  readonly path: string;
  /** False: a default that nobody asked for by name, which has to be safe all by itself. */
  readonly asked: boolean;
}

/** The library's variables as a command would see them. */
export interface RunSettings {
  readonly directory: ChosenDirectory;
  readonly variables: ReadonlyMap<string, string>;
}

const TEXT_SIZE = 1 << 16;
const VARIABLES = /^(?:UNSOCK_.*|LD_PRELOAD|XDG_RUNTIME_DIR)=/s;

/**
 * @param options Options of `run` by their names in code, as they were given.
 * @param environ Where variables count that no option says otherwise.
 * @param library Absolute path of the library that is preloaded.
 * @returns What the command would be started with.
 * @throws {UsageError} When an option or a variable cannot be read, with the name that the user wrote.
 */
export function readRunSettings(
  options: Readonly<Record<string, OptionValue | undefined>>,
  environ: Environ,
  library: string,
  runner: Runner,
): RunSettings {
  const words = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return value === true ? [optionFlag(name)] : [value].flat().map((text) => `${optionFlag(name)}=${text}`);
  });
  const [given, caller] = [blockOf(words), blockOf(environ.texts().filter((text) => VARIABLES.test(text)))];
  const text = new Uint8Array(TEXT_SIZE);
  const asked = runner.unsock_run_settings(
    given,
    BigInt(given.length),
    caller,
    BigInt(caller.length),
    cString(library),
    text,
    BigInt(text.length),
  );
  if (asked < 0) throw new UsageError(textOf(text).replace(/^run: /, ""));
  const [strings = ""] = new TextDecoder().decode(text).split("\0\0", 1);
  const variables = new Map(
    strings.split("\0").map((string): [string, string] => {
      const at = string.indexOf("=");
      return [string.slice(0, at), string.slice(at + 1)];
    }),
  );
  return { directory: { path: variables.get("UNSOCK_DIR") ?? "", asked: asked === 1 }, variables };
}

function blockOf(strings: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(strings.map((string) => `${string}\0`).join(""));
}
