/** Another project's library to compare with: its name, and its setup. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import type { OtherLibrary } from "./rig.ts";

/** Placeholder for the directory of the socket files in a command. */
const PLACE = "{}";

/** The command that `how` is, with that directory; undefined: it is a library. */
function commandOf(how: string, sockets: string): string[] | undefined {
  if (statOrUndefined(how) !== undefined || !how.includes(" ")) return undefined;
  return how.split(" ").filter((word) => word !== "").map((word) => word.replaceAll(PLACE, sockets));
}

/**
 * Reads the value of `--other`.
 *
 * @param text `NAME=LIBRARY`, or `NAME=COMMAND` with words: one that executes what follows, with its library set up.
 * @throws {Error} when it is neither.
 */
export function readOther(text: string): OtherLibrary {
  const [, name, how] = text.match(/^([^=]+)=(.+)$/) ?? [];
  if (name === undefined || how === undefined) throw new Error(`--other: not NAME=LIBRARY: "${text}"`);
  return { name, how, ours: false };
}

/** @returns How it was set up, for a reader: without the directories of this machine. */
export function describeOther({ how }: OtherLibrary): string {
  const [program = "", ...words] = commandOf(how, PLACE) ?? [how];
  return [path.basename(program), ...words].join(" ");
}

/** Returns the environment that a command gives to the program it executes. */
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
 * Finds the variables that set it up.
 *
 * @param sockets The directory for its socket files.
 * @returns The variables that a command sets, or that a known library needs: the caller's environment has the rest.
 * @throws {Error} when it is not there.
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
