/** `unsock env`: what `run` would set, as lines for a shell; with `--off` the way back. */
import * as path from "@std/path/posix";
import { chooseDirectory, prepareDirectory } from "../run/directory.ts";
import { applySettings } from "../run/environment.ts";
import { type DirectoryOptions, readDirectoryRights } from "../run/directory_rights.ts";
import { ownRunner } from "../run/own_runner.ts";
import { settingOptions } from "../run/run.ts";
import { SETTING_LIST, type SettingOptions } from "../run/settings.ts";
import { findShim } from "../run/shim.ts";
import type { Context } from "../system/context.ts";
import type { Environ } from "../system/environ.ts";
import { UsageError } from "../system/errors.ts";
import { shellQuote } from "../system/shell.ts";

interface EnvOptions extends SettingOptions, DirectoryOptions {
  readonly lib?: string;
  readonly force?: boolean;
  readonly off?: true;
}

/** What a shell is told: the settings of the library, and the library. */
const NAMES = [...SETTING_LIST.map(({ variable }) => variable), "LD_PRELOAD"];

/**
 * Prints the lines.
 *
 * @param options As on the command line.
 * @returns The exit status.
 * @throws {UnsockError} When `run` could not start anything either.
 */
export async function env(options: EnvOptions, context: Context): Promise<number> {
  const environ = options.off ? turnOff(options, context) : await turnOn(options, context);
  for (const name of NAMES) {
    const value = environ.get(name);
    if (value !== undefined) context.print(`export ${name}=${shellQuote(value)}\n`);
    else if (context.environ.get(name) !== undefined) context.print(`unset ${name}\n`);
  }
  return 0;
}

async function turnOn(options: EnvOptions, context: Context): Promise<Environ> {
  const { system } = context;
  const directory = chooseDirectory(options.dir, context.environ, system.euid);
  const library = await findShim(options.lib, context.environ, system);
  const environ = context.environ.clone();
  const rights = readDirectoryRights(options, context.libc);
  applySettings(environ, settingOptions(options, environ), directory.path, library);
  prepareDirectory(directory, await ownRunner(context, options.lib), options.force, rights);
  return environ;
}

/** Without the settings, and without the library; what else is preloaded stays. */
function turnOff({ off: _, ...others }: EnvOptions, context: Context): Environ {
  if (Object.values(others).some((value) => value !== undefined)) {
    throw new UsageError("env: --off stands alone: it takes back whatever was set");
  }
  const environ = context.environ.clone();
  const preloaded = environ.get("LD_PRELOAD")?.split(/[\s:]+/) ?? [];
  for (const name of NAMES) environ.delete(name);
  const rest = preloaded.filter((entry) => entry !== "" && !/^libunsock[^/]*\.so$/.test(path.basename(entry)));
  if (rest.length > 0) environ.set("LD_PRELOAD", rest.join(":"));
  return environ;
}
