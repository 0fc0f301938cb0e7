/**
 * The one table of commands. Reading a command line, `--help`, the manual and the completions come from it. A
 * command's code is loaded only when it runs.
 */
import { CONTROL_OPTIONS } from "../control/option_table.ts";
import type { Command, Invocation } from "../help/command.ts";
import { ENV_FORMATS } from "../run/env_formats.ts";
import { UNIT_OPTIONS } from "../run/unit_options.ts";
import { DIRECTORY_OPTIONS } from "../run/directory_rights.ts";
import { LIBRARY, SETTING_OPTIONS } from "../run/settings.ts";
import type { Option, OptionTable, OptionValues } from "../system/options.ts";
import { SHELLS } from "../system/shell.ts";

/** A command whose options have the types of their table. */
interface Declaration<T extends OptionTable> extends Omit<Command, "options" | "operands" | "start"> {
  readonly options: T;
  readonly operands?: Command["operands"];
  start(invocation: Invocation<OptionValues<T>>): Promise<number>;
}

function command<const T extends OptionTable>(declaration: Declaration<T>): Command {
  // The values were read by this very table.
  const start: Command["start"] = ({ options, ...rest }) =>
    declaration.start({ ...rest, options: options as OptionValues<T> });
  return { operands: [], ...declaration, start };
}

const JSON_OPTION = { help: "print JSON" };
const DIRECTORY_OPTION = {
  value: "directory",
  kind: "directory",
  help: "where the socket files are",
  default: "as for run",
} as const satisfies Option;

const RUN_OPTIONS = {
  ...SETTING_OPTIONS,
  ...DIRECTORY_OPTIONS,
  name: { value: "name", help: "of this loopback, for expose --http: http://NAME.localhost:PORT/" },
  map: {
    value: "port[/udp]=path",
    repeated: true,
    help: "this port is the Unix socket PATH (%p: the port, %a: the first IPv4 address of --addr); may be repeated",
  },
  keep: { help: "leave the control files of --map there when COMMAND has ended; they go with it otherwise" },
  private: { help: "a directory of its own in --dir, gone when COMMAND and all that it started have ended" },
  isolate: { help: "no network but unsock's: a network namespace of its own, for ordinary users too" },
  lib: LIBRARY.option,
  force: {
    help: "run COMMAND even if the library cannot reach it, or others could write to --dir or exchange it",
  },
  dryRun: { help: "print environment and command, run nothing" },
} as const satisfies OptionTable;

/** In the order in which help shows them. */
export const COMMANDS: readonly Command[] = [
  command({
    name: "run",
    summary: "run COMMAND with its local network traffic moved to Unix sockets",
    operands: [{ name: "COMMAND", kind: "program" }],
    isWrapper: true,
    options: RUN_OPTIONS,
    notes:
      `Exit status: 125 when unsock itself fails, 126 when COMMAND cannot be executed, 127 when it is not found, else COMMAND's.

Examples:
  unsock run -- python3 -m http.server 8000
  unsock run -- curl http://127.0.0.1:8000/
  unsock run --dir /run/db --group db -- redis-server`,
    start: async ({ options, context }) => await (await import("../run/run.ts")).run(options.lib, context),
  }),
  command({
    name: "ls",
    summary: "list the ports: who listens, whose the files are, with which processes and how many clients",
    operands: [{ name: "PORT", optional: true, kind: "port" }],
    options: {
      dir: DIRECTORY_OPTION,
      json: JSON_OPTION,
      watch: { help: "print again whenever something changes, until interrupted" },
    },
    start: async ({ options, operands, context }) => await (await import("./ls.ts")).ls(options, operands[0], context),
  }),
  command({
    name: "path",
    summary: "print the path of a port's file, or of the library, for scripts",
    operands: [{ name: "PORT[@ADDR][/udp]", optional: true, kind: "port/udp" }],
    options: {
      dir: DIRECTORY_OPTION,
      lib: { help: "the path of libunsock.so, as run preloads it, in place of a port's" },
    },
    notes: `Programs that speak Unix sockets need no unsock to reach it:
  curl --unix-socket "$(unsock path 8000)" http://localhost/

Where servers share a port on addresses of their own, PORT@ADDR is the one that clients of that address reach.`,
    start: async ({ context }) => await (await import("./by_library.ts")).byLibrary(context),
  }),
  command({
    name: "wait",
    summary: "wait until somebody listens at all of these ports",
    operands: [{ name: "PORT[@ADDR][/udp]", kind: "port/live", repeated: true }],
    options: {
      dir: DIRECTORY_OPTION,
      timeout: {
        value: "seconds",
        help: "fail when it takes longer: 10, 0.5, 10s or 500ms",
        default: "wait for ever",
      },
      gone: { help: "wait until nobody is there any more" },
    },
    notes:
      `PORT@ADDR is ready when somebody listens on that address, or on a wildcard of its family. A plain Unix server and a control file
are there for all addresses. Behind a control file ready is who would be answered:
where that leads to another machine, a connection is made and closed again.

Exit status: 0 when they are ready, 1 when the time is over.

Example:
  unsock run -- redis-server &
  unsock wait 6379 --timeout 10 && unsock run -- redis-cli ping`,
    start: async ({ context }) => await (await import("./by_library.ts")).byLibrary(context),
  }),
  command({
    name: "expose",
    summary: "lead a port of the real network to the directory's server, or with --in the other way",
    operands: [{ name: "PORT[/udp][=PORT]", kind: "port/live", repeated: true, optional: true }],
    options: {
      dir: DIRECTORY_OPTION,
      address: { value: "address", help: "of the real network", default: "127.0.0.1" },
      all: { help: "whatever TCP port somebody has in the directory, as they come and go" },
      http: { value: "port", help: "one port for all loopbacks of the user, by name" },
      in: { help: "the directory's port leads to a server of the real network" },
      control: { value: "file", help: "listen where this control file leads (make-control), instead of at an address" },
      idle: { value: "seconds", help: "after which a client of UDP is forgotten", default: "60" },
      untilEof: { help: "end when standard input ends: for a program that starts it" },
      force: { help: "even if everybody may write to --dir, or others could exchange it" },
    },
    notes:
      `The port behind = is the real network's, where that is another one. With 0 it is any free one, which is printed. The port is there
until the command is ended (Ctrl-C). Whoever reaches it reaches the server, whatever the directory's rights are. The server sees the
client's own address. With --all, ports that are named besides are led to where they say; a file that is a plain Unix server's, or
of --in, is not followed.

With --http a request goes to the only TCP port of the loopback that its Host names: http://NAME.localhost:PORT/ to one of "run --name NAME",
or to a directory in the default one or in --dir; http://3000.NAME.localhost:PORT/ where there are several. http://localhost:PORT/ lists all. Connections
stay open, WebSockets and HTTP/2 without TLS pass, and X-Forwarded-For, -Host and -Proto tell the server its client.

For a browser, http://localhost:3000/, and http://localhost:8080/:
  unsock expose 3000
  unsock expose --dir .git/unsock 3000=8080
  unsock expose --all
  unsock expose --http 8080

A DNS server:
  unsock expose 53/udp=5353

A database of this machine's, for what runs in the directory:
  unsock expose --in 5432

A server of an enclave, for its own programs and by vsock:
  unsock make-control /run/vsock5000 --vsock-port 5000
  unsock expose --control /run/vsock5000 8000`,
    start: async ({ options, operands, context }) =>
      await (await import("./expose.ts")).expose(options, operands, context),
  }),
  command({
    name: "prune",
    summary: "remove stale socket files, never one of an open socket",
    options: {
      dir: DIRECTORY_OPTION,
      dryRun: { help: "print what would be removed, remove nothing" },
      force: { help: "even if others could put another directory in the place of --dir" },
      json: JSON_OPTION,
      lib: { ...LIBRARY.option, help: "the libunsock.so that removes them" },
    },
    notes: "Exit status: 1 when one could not be removed.",
    start: async ({ options, context }) => await (await import("./by_library.ts")).byLibrary(context, options.lib),
  }),
  command({
    name: "doctor",
    summary: "tell what this machine can do, who listens where, how COMMAND is reached, or why nobody is at PORT",
    operands: [{ name: "COMMAND|PORT[@ADDR][/udp]", optional: true, kind: "port/program" }],
    options: { dir: DIRECTORY_OPTION, json: JSON_OPTION },
    notes:
      `Exit status: 0 when all is well, 1 when a line says FAIL. Of a PORT the last line is the verdict, and decides: 0 when a client
of this user in this shell is answered, else 1, with the reason and what to type.`,
    start: async ({ options, operands, context }) =>
      await (await import("./doctor.ts")).doctor(options, operands[0], context),
  }),
  command({
    name: "env",
    summary: "print the environment that run would set, for a shell, a systemd unit or a container",
    options: {
      ...SETTING_OPTIONS,
      ...DIRECTORY_OPTIONS,
      lib: LIBRARY.option,
      force: { help: "even if everybody may write to --dir, or others could exchange it" },
      off: { help: "print the way back: nothing is redirected any more in what the shell starts" },
      format: {
        value: "which",
        choices: ENV_FORMATS,
        help:
          "export lines for a shell, Environment= lines for a systemd unit, lines for docker's --env-file, or as --json",
        default: "sh",
      },
      json: JSON_OPTION,
    },
    notes: `Everything that the shell starts from then on is redirected:
  eval "$(unsock env --port 5432)"
and no longer:
  eval "$(unsock env --off)"

A service that is there already, by a drop-in file:
  { echo "[Service]"; unsock env --format systemd; } >unsock.conf`,
    start: async ({ options, context }) => await (await import("./env.ts")).env(options, context),
  }),
  command({
    name: "unit",
    summary: "print a hardened systemd service that runs COMMAND, and its socket unit",
    operands: [{ name: "COMMAND", kind: "program" }],
    isWrapper: true,
    options: {
      ...UNIT_OPTIONS,
      ...SETTING_OPTIONS,
      ...DIRECTORY_OPTIONS,
      lib: { ...LIBRARY.option, help: "the libunsock.so that starts COMMAND" },
    },
    notes: `The directory is /run/NAME, where --dir does not say another; systemd makes it.

Example:
  unsock unit --group www-data --output /etc/systemd/system -- \\
    python3 -m http.server --bind 127.0.0.1 8000`,
    start: async ({ options, operands, context }) => await (await import("./unit.ts")).unit(options, operands, context),
  }),
  command({
    name: "make-control",
    summary: "write a control file that sends a port's traffic elsewhere: vsock, Firecracker, TIPC, Unix, IP",
    operands: [{ name: "FILE", optional: true, kind: "file" }],
    options: {
      dir: { ...DIRECTORY_OPTION, help: "where DIR/PORT.sock is made" },
      port: { value: "n", kind: "port", help: "the port that programs use" },
      force: { help: "replace a stale socket file; even if everybody may write to --dir" },
      ...CONTROL_OPTIONS,
    },
    notes: `Without FILE the control file is DIR/PORT.sock; without --port, PORT is the vsock port.

Examples:
  unsock make-control --port 1234 --vsock-port 5678
  unsock make-control --fc-sock /run/vm/v.sock --vsock-port 5678
  unsock make-control --fc-listen /run/vm/v.sock --vsock-port 5678
  unsock make-control --port 8000 --tipc-type 128 --tipc-instance 99
  unsock make-control --port 80 --unix /run/a.sock --sockopt SO_RCVBUF=8192`,
    start: async ({ options, operands: [file], context }) =>
      await (await import("./make_control.ts")).makeControl(options, file, context),
  }),
  command({
    name: "show-control",
    summary: "explain every field of a control file, or of the one that a port has",
    operands: [{ name: "FILE|PORT[/udp]", kind: "port/file" }],
    options: { dir: DIRECTORY_OPTION, json: JSON_OPTION },
    start: async ({ options, operands: [file = ""], context }) =>
      await (await import("./show_control.ts")).showControl(options, file, context),
  }),
  command({
    name: "self-test",
    summary: "check the library on this machine, with real sockets in a private directory",
    options: { lib: { ...LIBRARY.option, help: "the libunsock.so to test" } },
    start: async ({ options, context }) => await (await import("./self_test.ts")).selfTest(options.lib, context),
  }),
  command({
    name: "install",
    summary: "install program, library, manual pages and completions",
    options: {
      prefix: { value: "directory", kind: "directory", help: "where bin, lib and share are", default: "/usr/local" },
      uninstall: { help: "remove what install has put there" },
      force: { help: "replace files that are there already and not by install" },
      lib: { ...LIBRARY.option, help: "the libunsock.so to install" },
    },
    start: async ({ options, context }) => await (await import("./install.ts")).install(options, COMMANDS, context),
  }),
  command({
    name: "completions",
    summary: "print a completion script for bash, zsh or fish",
    operands: [{ name: "SHELL", choices: SHELLS }],
    options: {},
    notes: `For this shell:
  source <(unsock completions bash)`,
    start: async ({ operands: [shell = ""], context }) =>
      (await import("./completions.ts")).completions(shell, COMMANDS, context),
  }),
];

/**
 * Commands that programs start, not people: they have a page, by `unsock --help hold`, but neither the list of commands nor the
 * completions name them.
 */
export const PROGRAMS_COMMANDS: readonly Command[] = [
  command({
    name: "hold",
    summary: "keep a directory for a program that starts others in it, until standard input ends",
    options: RUN_OPTIONS,
    notes:
      `It is there for test runners: the npm module "unsock" starts it. A person wants "unsock run --private", which ends by itself.

It makes a private directory in --dir and prints the variables that put a program into it, a NUL behind each and one more at
the end. A request on standard input is its length in bytes, a newline and the text, "map PORT=PATH"; the answer is empty or says what is
wrong, with a NUL behind it. When standard input ends, all that runs in the directory is ended and the directory removed. libunsock(7) has it, too.`,
    start: async ({ options, context }) => await (await import("./by_library.ts")).byLibrary(context, options.lib),
  }),
  command({
    name: "query",
    summary: "answer QUESTIONs in JSON: what the library knows of directories, ports and programs",
    operands: [{ name: "QUESTION" }],
    isWrapper: true,
    options: RUN_OPTIONS,
    notes:
      `It is there for other programs: this command line asks it, too. docs/json.md has the questions and answers, and so has
"$(unsock path --lib)" query --help.`,
    start: async ({ options, context }) => await (await import("./by_library.ts")).byLibrary(context, options.lib),
  }),
];
