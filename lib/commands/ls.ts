/** `unsock ls`: what is in the directory, and who is behind it. */
import type { Context } from "../system/context.ts";
import { chooseDirectory } from "../run/directory.ts";
import { formatSocketTable, socketFileToJson } from "../sockets/format_sockets.ts";
import { type Asked, listSocketFiles } from "../sockets/socket_files.ts";
import { ownRunner } from "../run/own_runner.ts";
import { statOrUndefined } from "../system/files.ts";
import { parseDecimal } from "../system/numbers.ts";
import { UsageError } from "../system/errors.ts";
import { DirectoryWatch } from "../system/watch.ts";

interface ListOptions {
  readonly dir?: string;
  readonly json?: true;
  readonly watch?: true;
}

/** Connections come and go without any change of the directory. */
const LOOK_AGAIN_MS = 1000;

const CLEAR_SCREEN = "\x1b[H\x1b[2J";

/**
 * Prints what is in the directory; with `--watch` again whenever it is not the same.
 *
 * @param options As on the command line.
 * @param port The port that is asked for, as the user wrote it; undefined: all.
 * @returns The exit status.
 * @throws {UnsockError} When the directory cannot be read, or there is no library to read it.
 */
export async function ls(options: ListOptions, port: string | undefined, context: Context): Promise<number> {
  const wanted = port === undefined ? undefined : parseDecimal(port, 1, 65535);
  if (port !== undefined && wanted === undefined) {
    throw new UsageError(`ls: PORT: not a port from 1 to 65535: "${port}"`);
  }
  const runner = await ownRunner(context);
  const directory = chooseDirectory(options.dir, context.environ, runner).path;
  const asked = { libc: context.libc, runner };
  const show = () => format(directory, wanted, options, asked, context.system.euid === 0);
  if (!options.watch) {
    context.print(show());
    return 0;
  }
  using watch = new DirectoryWatch(directory);
  for (let shown = "";; await watch.change(LOOK_AGAIN_MS)) {
    const text = show();
    if (text === shown) continue;
    context.print(`${Deno.stdout.isTerminal() ? CLEAR_SCREEN : shown === "" || options.json ? "" : "\n"}${text}`);
    shown = text;
  }
}

function format(
  directory: string,
  port: number | undefined,
  options: ListOptions,
  asked: Asked,
  isRoot: boolean,
): string {
  const files = listSocketFiles(directory, asked, { port });
  if (!options.json) {
    const exists = statOrUndefined(directory) !== undefined;
    return formatSocketTable({ directory, exists, port, files, isRoot });
  }
  // One line each time, so that a reader knows where one ends.
  return `${JSON.stringify(files.map(socketFileToJson), null, options.watch ? undefined : 2)}\n`;
}
