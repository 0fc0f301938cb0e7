/** `unsock ls`: lists the directory's files, and the processes behind them. */
import type { Context } from "../system/context.ts";
import type { Library } from "../library/query.ts";
import { DIRECTORY_QUESTION } from "../run/run_settings.ts";
import { urlsByFront } from "../expose/record.ts";
import { effectiveUser } from "../system/users.ts";
import { isatty } from "node:tty";
import { shortDatagramQueue } from "../sockets/datagram_queue.ts";
import { formatSocketTable, socketFileToJson } from "../sockets/format_sockets.ts";
import { listSocketFiles } from "../sockets/socket_files.ts";
import { namesQuestion } from "../sockets/socket_names.ts";
import { SOCKETS_QUESTION } from "../sockets/unix_sockets.ts";
import { ownLibrary } from "../run/own_library.ts";
import { LAST_PORT, parseDecimal } from "../system/numbers.ts";
import { UsageError } from "../system/errors.ts";
import { DirectoryWatch } from "../system/watch.ts";

interface ListOptions {
  readonly dir?: string;
  readonly here?: true;
  readonly json?: true;
  readonly watch?: true;
}

/** With `--watch`: connections open and close without a change of the directory, so it is listed again after so long. */
const LOOK_AGAIN_MS = 1000;

const CLEAR_SCREEN = "\x1b[H\x1b[2J";

/**
 * Prints the directory's files; with `--watch` again whenever they change.
 *
 * @param options As on the command line.
 * @param port The port to list, as the user wrote it; undefined: all.
 * @returns The exit status.
 * @throws {UnsockError} When the directory cannot be read, or there is no library to read it.
 */
export async function ls(options: ListOptions, port: string | undefined, context: Context): Promise<number> {
  const wanted = port === undefined ? undefined : parseDecimal(port, 1, LAST_PORT);
  if (port !== undefined && wanted === undefined) {
    throw new UsageError(`ls: PORT: not a port from 1 to ${LAST_PORT}: "${port}"`);
  }
  const library = ownLibrary(context);
  const base = defaultDirectory(context, library);
  const show = () => list(wanted, options, library, base);
  if (!options.watch) {
    context.print(show().text);
    return 0;
  }
  using watch = new DirectoryWatch(show().directory);
  for (let shown = "";; await watch.change(LOOK_AGAIN_MS)) {
    const { text } = show();
    if (text === shown) continue;
    context.print(`${isatty(1) ? CLEAR_SCREEN : shown === "" || options.json ? "" : "\n"}${text}`);
    shown = text;
  }
}

/** Returns the default directory, in which a front records itself; undefined: it does not exist, or is not safe. */
function defaultDirectory({ environ }: Context, library: Library): string | undefined {
  const variables = environ.clone();
  variables.delete("UNSOCK_DIR");
  const { path, exists, problem } = library.with(variables).ask(DIRECTORY_QUESTION);
  return exists && problem === undefined ? path : undefined;
}

/** Lists the directory with one start of the library. */
function list(
  port: number | undefined,
  options: ListOptions,
  library: Library,
  base: string | undefined,
): { directory: string; text: string } {
  const questions = [DIRECTORY_QUESTION, namesQuestion(port), SOCKETS_QUESTION] as const;
  const [chosen, names, sockets] = library.askAll(questions, { dir: options.dir, here: options.here });
  const { path: directory, exists } = chosen();
  const files = listSocketFiles(directory, { names: names(), sockets: sockets() }, library);
  const served = files.filter(({ first, kind, state }) =>
    first && kind === "stream" && (state === "alive" || state === "control")
  );
  const urls = base === undefined
    ? new Map<number, string>()
    : urlsByFront(base, { directory, ports: served.map((file) => file.port), isWhole: port === undefined });
  if (!options.json) {
    const isRoot = effectiveUser() === 0;
    return {
      directory,
      text: formatSocketTable({ directory, exists, port, files, isRoot, queue: shortDatagramQueue(), urls }),
    };
  }
  // One line each time, so that a reader knows where one ends.
  const text = `${
    JSON.stringify(files.map((file) => socketFileToJson(file, urls)), null, options.watch ? undefined : 2)
  }\n`;
  return { directory, text };
}
