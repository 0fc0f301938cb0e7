/** `unsock make-control`: writes a control file in the place of a socket file. */
import * as path from "node:path";
import type { Command } from "commander";
import type { Context } from "../system/context.ts";
import { encodeControlFile } from "../control/control_file.ts";
import { controlFileFrom, type ControlOptions } from "../control/control_options.ts";
import { chooseDirectory, prepareDirectory } from "../run/directory.ts";
import { reason, UnsockError, UsageError } from "../system/errors.ts";
import { describeTarget } from "../control/format_control.ts";
import { parseDecimal } from "../system/numbers.ts";

interface MakeControlOptions extends ControlOptions {
  readonly dir?: string;
  readonly port?: string;
  readonly force?: boolean;
}

const NOTES = `
Without FILE the control file is DIR/PORT.sock; without --port, PORT is the vsock port.

Examples:
  unsock make-control --port 1234 --vsock-port 5678
  unsock make-control --fc-sock /run/vm/v.sock --vsock-port 5678
  unsock make-control --fc-listen /run/vm/v.sock --vsock-port 5678
  unsock make-control --port 8000 --tipc-type 128 --tipc-instance 99
  unsock make-control --port 80 --unix /run/nginx.sock --sockopt SO_RCVBUF=262144`;

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** Adds the command to the program. */
export function defineMakeControl(program: Command, context: Context, settle: (exitCode: number) => void): void {
  program.command("make-control [file]")
    .description("write a control file that sends a port's traffic elsewhere: vsock, Firecracker, TIPC, Unix, IP")
    .option("--dir <directory>", "where DIR/PORT.sock is made (default: as for run)")
    .option("--port <n>", "the port that programs use")
    .option("--force", "even if --dir is somebody else's")
    .option("--vsock-port <n>", "AF_VSOCK port")
    .option("--vsock-cid <cid>", "AF_VSOCK context id: a number, any, host or local (default: any)")
    .option("--fc-sock <path>", "Firecracker's Unix socket; connects to --vsock-port in the guest")
    .option(
      "--fc-listen <path>",
      "Firecracker's Unix socket; receives what the guest sends to --vsock-port of the host",
    )
    .option("--tipc-type <n>", "AF_TIPC service type")
    .option("--tipc-instance <n>", "AF_TIPC service instance")
    .option("--tipc-lower <n>", "AF_TIPC range, its begin")
    .option("--tipc-upper <n>", "AF_TIPC range, its end")
    .option("--tipc-scope <scope>", "cluster or node (default: cluster)")
    .option("--tipc-addrtype <type>", "service, range or node (default: as the other options say)")
    .option("--unix <path>", "another Unix socket; @NAME is an abstract one")
    .option("--inet <host:port>", "an IP address and port, [IPv6]:PORT")
    .option("--sockopt <name=value>", "set a socket option on the new socket, up to four times", collect)
    .addHelpText("after", NOTES)
    .action((file: string | undefined, options: MakeControlOptions) => {
      const control = controlFileFrom(options, Deno.cwd(), Deno.realPathSync);
      const target = placeOf(file, options, context);
      createComplete(target, encodeControlFile(control));
      context.print(`${target}: ${describeTarget(control)}\n`);
      settle(0);
    });
}

function placeOf(file: string | undefined, options: MakeControlOptions, context: Context): string {
  if (file !== undefined) {
    if (options.dir !== undefined || options.port !== undefined) {
      throw new UsageError("make-control: give either FILE or --dir and --port");
    }
    if (file === "") throw new UsageError("make-control: FILE: empty");
    return file;
  }
  const text = options.port ?? options.vsockPort;
  if (text === undefined) throw new UsageError("make-control: no file: give FILE or --port");
  const port = parseDecimal(text, 1, 65535);
  if (port === undefined) {
    const option = options.port === undefined ? "--vsock-port as the file's port" : "--port";
    throw new UsageError(`${option}: not a port between 1 and 65535: "${text}"`);
  }
  const { euid } = context.system;
  const directory = chooseDirectory(options.dir, context.environ, euid);
  prepareDirectory(directory, euid, options.force);
  return path.join(directory.path, `${port}.sock`);
}

/** A name appears with all its bytes or not at all, and never replaces another: `link` does both. */
function createComplete(file: string, bytes: Uint8Array): void {
  const part = path.join(path.dirname(file), `.unsock-${crypto.randomUUID()}`);
  try {
    Deno.writeFileSync(part, bytes, { createNew: true });
    Deno.chmodSync(part, 0o644);
    Deno.linkSync(part, file);
  } catch (error) {
    throw new UnsockError(`control file ${file}: ${reason(error)}`, { cause: error });
  } finally {
    removeQuietly(part);
  }
}

function removeQuietly(file: string): void {
  try {
    Deno.removeSync(file);
  } catch {
    // It was never made.
  }
}
