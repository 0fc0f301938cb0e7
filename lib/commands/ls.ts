/** `unsock ls`: lists the directory's files, and the processes that hold their sockets. */
import process from "node:process";
import { isatty } from "node:tty";
import type { Library } from "../library/query.ts";
import { ownLibrary } from "../library/own.ts";
import { type CheckedDirectory, DIRECTORY_QUESTION } from "../run/run_settings.ts";
import { shortDatagramQueue } from "../sockets/datagram_queue.ts";
import { formatSocketTable, socketFileToJson } from "../sockets/format_sockets.ts";
import { listSocketFiles } from "../sockets/socket_files.ts";
import type { Terminal } from "../sockets/format_places.ts";
import { namesQuestion } from "../sockets/socket_names.ts";
import { SOCKETS_QUESTION } from "../sockets/unix_sockets.ts";
import type { Context } from "../system/context.ts";
import { UsageError } from "../system/errors.ts";
import { LAST_PORT, parseDecimal } from "../system/numbers.ts";
import { effectiveUser } from "../system/users.ts";
import { DirectoryWatch } from "../system/watch.ts";
import { allAsJson, allAsText, type AllWishes, elsewhere, urlOfName, urlsOf } from "./ls_all.ts";

interface ListOptions {
  readonly dir?: string;
  readonly here?: true;
  readonly all?: true;
  readonly url?: string;
  readonly json?: true;
  readonly watch?: true;
}

/** `--watch` also lists again after this time, as a connection changes nothing in the directory. */
const LOOK_AGAIN_MS = 1000;

const CLEAR_SCREEN = "\x1b[H\x1b[2J";

/** A list as text, and the directory to watch for changes of the list. */
interface Shown {
  readonly directory: string;
  readonly text: string;
}

/**
 * Prints the socket files of the directory; with `--all`, of all loopbacks; with `--url`, the URL of one server. With
 * `--watch`, prints the list again whenever it changes.
 *
 * @param port The port to list, as the user wrote it, or undefined for all ports.
 * @returns The exit status.
 * @throws {UnsockError} When the directory cannot be read, or no library is found.
 */
export async function ls(options: ListOptions, port: string | undefined, context: Context): Promise<number> {
  const wanted = port === undefined ? undefined : parseDecimal(port, 1, LAST_PORT);
  if (port !== undefined && wanted === undefined) {
    throw new UsageError(`ls: PORT: not a port from 1 to ${LAST_PORT}: "${port}"`);
  }
  const library = ownLibrary(context);
  const { all, url, watch } = options;
  // Each list looks for the default directory anew, as it may be made meanwhile.
  const show = () => {
    const base = defaultDirectory(context, library);
    return all
      ? showEverything(wanted, options, library, base, terminalOf(context))
      : showDirectory(wanted, options, library, base);
  };
  if (url !== undefined) {
    if (all || watch || options.json) throw new UsageError("ls: --url goes with a PORT, --dir and --here alone");
    const wishes = wishesOf(wanted, chosenDirectory(library, options), library, defaultDirectory(context, library));
    context.print(`${urlOfName(url, wishes)}\n`);
    return 0;
  }
  if (!watch) {
    context.print(show().text);
    return 0;
  }
  using change = new DirectoryWatch(show().directory);
  for (let shown = "";; await change.change(LOOK_AGAIN_MS)) {
    const { text } = show();
    if (text === shown) continue;
    context.print(`${isatty(1) ? CLEAR_SCREEN : shown === "" || options.json ? "" : "\n"}${text}`);
    shown = text;
  }
}

/** Returns the default directory, in which a front records itself, or undefined if it is missing or not safe. */
function defaultDirectory({ environ }: Context, library: Library): string | undefined {
  const variables = environ.clone();
  variables.delete("UNSOCK_DIR");
  const { path, exists, problem } = library.with(variables).ask(DIRECTORY_QUESTION);
  return exists && problem === undefined ? path : undefined;
}

function chosenDirectory(library: Library, { dir, here }: ListOptions): CheckedDirectory {
  return library.ask(DIRECTORY_QUESTION, { dir, here });
}

function wishesOf(
  port: number | undefined,
  { path, asked, exists }: CheckedDirectory,
  library: Library,
  base: string | undefined,
): AllWishes {
  return { base, extra: asked && exists ? path : undefined, library, port };
}

/** Returns the terminal on standard output, or undefined if standard output is no terminal. */
function terminalOf({ environ }: Context): Terminal | undefined {
  return isatty(1) ? { columns: process.stdout.columns || Infinity, home: environ.getFilled("HOME") } : undefined;
}

/** Lists all loopbacks. With `--watch`, each list in JSON is one line, so that a reader sees where the list ends. */
function showEverything(
  port: number | undefined,
  options: ListOptions,
  library: Library,
  base: string | undefined,
  terminal: Terminal | undefined,
): Shown {
  const chosen = chosenDirectory(library, options);
  const wishes = wishesOf(port, chosen, library, base);
  const text = options.json ? allAsJson(wishes, options.watch ? undefined : 2) : allAsText(wishes, terminal);
  return { directory: base ?? chosen.path, text };
}

/** Lists the directory. One start of the library answers all questions about it. */
function showDirectory(
  port: number | undefined,
  options: ListOptions,
  library: Library,
  base: string | undefined,
): Shown {
  const questions = [DIRECTORY_QUESTION, namesQuestion(port), SOCKETS_QUESTION] as const;
  const [chosen, names, sockets] = library.askAll(questions, { dir: options.dir, here: options.here });
  const { path: directory, exists, asked } = chosen();
  const listing = { names: names(), sockets: sockets() };
  const files = listSocketFiles(directory, listing, { withClients: port !== undefined });
  const urls = urlsOf(base, directory, files, port);
  if (options.json) {
    const objects = files.map((file) => socketFileToJson(file, urls));
    return { directory, text: `${JSON.stringify(objects, null, options.watch ? undefined : 2)}\n` };
  }
  const isRoot = effectiveUser() === 0;
  const table = formatSocketTable({ directory, exists, port, files, isRoot, queue: shortDatagramQueue(), urls });
  const hint = asked || files.length > 0 ? "" : elsewhere(wishesOf(port, chosen(), library, base));
  return { directory, text: `${table}${hint}` };
}
