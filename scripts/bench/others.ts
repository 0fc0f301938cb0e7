/** Reads `--other`: another project's library to compare with, and its set-up. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import type { OtherLibrary } from "./rig.ts";

/** The placeholder in a command for the directory of the socket files. */
const PLACE = "{}";

/** Returns the words of `how` with the directory filled in, or undefined if `how` is a library. */
function commandOf(how: string, sockets: string): string[] | undefined {
  if (statOrUndefined(how) !== undefined || !how.includes(" ")) return undefined;
  return how.split(" ").filter((word) => word !== "").map((word) => word.replaceAll(PLACE, sockets));
}

/**
 * Reads the value of `--other`.
 *
 * @param text `NAME=LIBRARY`; or `NAME=COMMAND`: several words that set up a library, and run the command after them.
 * @throws {Error} When the text has neither form.
 */
export function readOther(text: string): OtherLibrary {
  const [, name, how] = text.match(/^([^=]+)=(.+)$/) ?? [];
  if (name === undefined || how === undefined) throw new Error(`--other: not NAME=LIBRARY: "${text}"`);
  return { name, how, ours: false };
}

/**
 * @returns The library or the command for the page: the program without its directory, and `{}` for the directory of
 *   the socket files.
 */
export function describeOther({ how }: OtherLibrary): string {
  const [program = "", ...words] = commandOf(how, PLACE) ?? [how];
  return [path.basename(program), ...words].join(" ");
}

/** Returns the variables that a command sets or changes for the program that it executes. */
async function environmentOf([program = "", ...words]: readonly string[]): Promise<Record<string, string>> {
  const command = new Deno.Command(program, { args: [...words, "env", "-0"], stdin: "null", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${program}: ${decoder.decode(stderr).trim() || "failed"}`);
  const before = Deno.env.toObject();
  const variables = decoder.decode(stdout).split("\0").map((line) => line.split(/=(.*)/s).slice(0, 2));
  return Object.fromEntries(variables.filter(([name = "", value]) => name !== "" && before[name] !== value));
}

/**
 * Finds the variables that set up a library.
 *
 * @param sockets The directory for the library's socket files.
 * @returns With a command, the variables that it sets; without one, those of unsock and of socket_wrapper. Any other
 *   variables come from the caller's environment.
 * @throws {Error} When the library is missing, or its command fails.
 */
export async function otherEnvironment({ how }: OtherLibrary, sockets: string): Promise<Record<string, string>> {
  const command = commandOf(how, sockets);
  if (command !== undefined) return await environmentOf(command);
  await Deno.stat(how);
  return {
    LD_PRELOAD: path.resolve(how),
    UNSOCK_DIR: sockets,
    UNSOCK_ADDR: "127.0.0.1",
    SOCKET_WRAPPER_DIR: sockets,
    SOCKET_WRAPPER_DEFAULT_IFACE: "1",
  };
}
