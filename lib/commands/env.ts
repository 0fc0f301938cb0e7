/** `unsock env`: what `run` would set, as lines for a shell. */
import { chooseDirectory, prepareDirectory } from "../run/directory.ts";
import { applySettings } from "../run/environment.ts";
import { type DirectoryOptions, readDirectoryRights } from "../run/directory_rights.ts";
import { settingOptions } from "../run/run.ts";
import { SETTING_LIST, type SettingOptions } from "../run/settings.ts";
import { findShim } from "../run/shim.ts";
import type { Context } from "../system/context.ts";
import { shellQuote } from "../system/shell.ts";

interface EnvOptions extends SettingOptions, DirectoryOptions {
  readonly lib?: string;
  readonly force?: boolean;
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
  const { system } = context;
  const directory = chooseDirectory(options.dir, context.environ, system.euid);
  const library = await findShim(options.lib, context.environ, system);
  const environ = context.environ.clone();
  const rights = readDirectoryRights(options, context.libc);
  applySettings(environ, settingOptions(options, environ), directory.path, library);
  prepareDirectory(directory, system.euid, options.force, rights);
  for (const name of NAMES) {
    const value = environ.get(name);
    if (value !== undefined) context.print(`export ${name}=${shellQuote(value)}\n`);
    else if (context.environ.get(name) !== undefined) context.print(`unset ${name}\n`);
  }
  return 0;
}
