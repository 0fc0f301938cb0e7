/** `unsock run [options] -- COMMAND`: becomes COMMAND with the library preloaded. */
import { type Command, Option } from "commander";
import type { Context } from "../system/context.ts";
import { run, type RunOptions } from "../run/run.ts";
import { RUN_ADDRESSES } from "../run/settings.ts";

const NOTES = `
Exit status: 125 when unsock itself fails, 126 when COMMAND cannot be executed, 127 when it is not found, else COMMAND's.

Examples:
  unsock run -- python3 -m http.server 8000
  unsock run -- curl http://127.0.0.1:8000/
  unsock run --port 5432 --mode 660 --dir /run/db -- postgres -D /srv/db`;

/**
 * Adds the options that become settings, which `run` and `env` share.
 *
 * @param command Where to add them.
 * @returns `command`
 */
export function addSettingOptions(command: Command): Command {
  return command
    .option(
      "--dir <directory>",
      "where the socket files are (default: $UNSOCK_DIR, $XDG_RUNTIME_DIR/unsock, /tmp/unsock-UID)",
    )
    .option(
      "--addr <list>",
      `addresses that are redirected, ADDR or ADDR/BITS (default: $UNSOCK_ADDR, ${RUN_ADDRESSES})`,
    )
    .option("--port <list>", "only these ports, N or N-M (default: $UNSOCK_PORT, all)")
    .option("--mode <octal>", "permissions of created socket files")
    .option("--block-inet", "refuse IP traffic that is not redirected")
    .option("--block-inet6", "refuse IPv6 sockets")
    .addOption(
      new Option(
        "--accept-convert <which>",
        "peers that are not IP are reported as IP: all, vsock or none (default: all)",
      ),
    )
    .option("--fallback", "connect over the real network where no socket file exists")
    .option("--timeout <ms>", "how long a Firecracker handshake may take (default: 5000)")
    .option("--log [file]", "a line for each redirected call, to standard error or a file (--log=FILE)")
    .option("--lib <file>", "the libunsock.so to preload");
}

/** Adds the command to the program. */
export function defineRun(program: Command, context: Context, settle: (exitCode: number) => void): void {
  addSettingOptions(program.command("run").usage("[options] -- COMMAND [ARG...]"))
    .description("run COMMAND with its local network traffic moved to Unix sockets")
    .option("--force", "run COMMAND even if the library cannot reach it, or --dir is somebody else's")
    .option("--dry-run", "print environment and command, run nothing")
    .addHelpText("after", NOTES)
    .action(async (options: RunOptions) => settle(await run(options, context)));
}
