/** `unsock expose`: executes the library, which exposes ports. With `--http`, serves HTTP in this process. */
import * as path from "@std/path/posix";
import { isIP } from "node:net";
import type { Library, RunOptions } from "../library/query.ts";
import { ownLibrary } from "../library/own.ts";
import { DIRECTORY_QUESTION, PREPARE_QUESTION } from "../run/run_settings.ts";
import type { Context } from "../system/context.ts";
import { UnsockError, UsageError } from "../system/errors.ts";
import { LAST_PORT, parseDecimal } from "../system/numbers.ts";
import type { OptionTable, OptionValues } from "../system/options.ts";
import { byLibrary } from "./by_library.ts";

const LOOPBACK = "127.0.0.1";

interface HttpOptions {
  readonly http?: string;
  readonly dir?: string;
  readonly here?: true;
  readonly address?: string;
  readonly force?: true;
  readonly cert?: string;
  readonly key?: string;
  readonly log?: string | true;
  readonly json?: true;
}

/** Options of `--http` alone. */
const OF_HTTP = ["cert", "key", "log", "json"] as const;
/** Options that `--http` excludes. */
const RAW = ["all", "in", "control", "idle", "untilEof"] as const;

/**
 * Exposes the given ports, or with `--http` serves every loopback under its host name, until the process ends.
 *
 * @param ports The operands.
 * @returns Never.
 * @throws {UsageError} When options and ports contradict each other.
 * @throws {UnsockError} When the front or the library cannot start.
 */
export async function expose(
  options: HttpOptions & OptionValues<OptionTable>,
  ports: readonly string[],
  context: Context,
): Promise<number> {
  if (options.http === undefined) {
    const other = OF_HTTP.find((name) => options[name] !== undefined);
    if (other !== undefined) throw new UsageError(`expose: --${other}: goes with --http alone`);
    return await byLibrary(context);
  }
  const { address, port } = readPlace(options, ports);
  const certificate = readFiles(options);
  const library = ownLibrary(context);
  const extra = prepare(library, { dir: options.dir, here: options.here, force: options.force });
  const variables = context.environ.clone();
  variables.delete("UNSOCK_DIR");
  const base = prepare(library.with(variables), {});
  const logFile = typeof options.log === "string" ? path.resolve(options.log) : options.log;
  const { serveFront, whyNoFront } = await import("../expose/front.ts");
  try {
    const { print, warn } = context;
    return await serveFront({
      base,
      extra,
      library: library.file,
      address,
      port,
      certificate,
      logFile,
      json: options.json,
      print,
      warn,
    });
  } catch (error) {
    throw new UnsockError(`expose: ${whyNoFront(error, address, port)}`, { cause: error });
  }
}

/** Makes the directory if it is missing, and returns its path. */
function prepare(library: Library, options: RunOptions): string {
  const [directory, made] = library.askAll([DIRECTORY_QUESTION, PREPARE_QUESTION], options);
  made();
  return directory().path;
}

/** @returns The absolute paths of certificate and key, which the front reads again whenever they change. */
function readFiles({ cert, key }: HttpOptions): { cert: string; key: string } | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError("expose: --cert and --key go together");
  return { cert: path.resolve(cert), key: path.resolve(key) };
}

function readPlace(options: HttpOptions & OptionValues<OptionTable>, ports: readonly string[]) {
  const { http = "", address = LOOPBACK } = options;
  const other = RAW.find((name) => options[name] !== undefined);
  if (ports.length > 0 || other !== undefined) {
    throw new UsageError("expose: --http takes no ports and no options of ports: start a second expose for those");
  }
  const port = parseDecimal(http, 0, LAST_PORT);
  if (port === undefined) {
    throw new UsageError(`expose: --http: not a port from 1 to ${LAST_PORT}, or 0 for any: "${http}"`);
  }
  if (isIP(address) === 0) throw new UsageError(`expose: --address: not an IP address: "${address}"`);
  return { address, port };
}
