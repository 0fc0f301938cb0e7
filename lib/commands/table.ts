/** The one table of commands, for parser, `--help`, manual and completions. A command loads its code when it runs. */
import { CONTROL_OPTIONS } from "../control/option_table.ts";
import type { Command } from "../help/command.ts";
import { ENV_FORMATS } from "../run/env_formats.ts";
import { EXPOSE_OPTIONS } from "../run/expose_options.ts";
import { UNIT_OPTIONS } from "../run/unit_options.ts";
import { DIRECTORY_OPTIONS, HERE_OPTION } from "../run/directory_rights.ts";
import { RUNNERS } from "../run/runners.ts";
import { LIBRARY, SETTING_OPTIONS } from "../run/settings.ts";
import type { OptionTable } from "../system/options.ts";
import { SHELLS } from "../system/shell.ts";
import { command, DIRECTORY_OPTION, JSON_OPTION } from "./declaration.ts";
import { LS, TAP } from "./table_looks.ts";

const RUN_OPTIONS = {
  here: HERE_OPTION,
  ...SETTING_OPTIONS,
  ...DIRECTORY_OPTIONS,
  name: { value: "name", help: "name for expose --http: http://NAME.localhost:PORT/", default: "of --here the branch" },
  map: {
    value: "port[/udp]=path",
    repeated: true,
    help: "map this port to the Unix socket PATH (%p: the port, %a: the first IPv4 address of --addr); may be repeated",
  },
  keep: { help: "keep the control files of --map when COMMAND has ended; they are removed otherwise" },
  private: { help: "make a private directory in --dir; it is removed when COMMAND and all that it started have ended" },
  each: {
    value: "name",
    bare: RUNNERS.join(","),
    help:
      "as --private, and each child of the program NAME has a loopback of its own, with all that it starts: a test runner's workers. NAME,NAME: each of several; without NAME: the known test runners",
  },
  isolate: {
    help: "run COMMAND in a network namespace of its own, with no network but unsock's; needs no privileges",
  },
  optional: {
    help:
      "run COMMAND on the real network where unsock cannot work, as on macOS; not with --block-inet, --strict or --isolate",
  },
  lib: LIBRARY.option,
  force: {
    help: "run COMMAND even if the library cannot reach it, or other users could write to --dir or replace it",
  },
  dryRun: { help: "print environment and command, but do not run it" },
} as const satisfies OptionTable;

/** The commands that people type, in the order in which help shows them. */
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
    start: async ({ options, operands, context }) =>
      await (await import("../run/run.ts")).run(options, operands, context),
  }),
  LS,
  TAP,
  command({
    name: "path",
    summary: "print the path of a port's file, or of the library, for scripts",
    operands: [{ name: "PORT[@ADDR][/udp]", optional: true, kind: "port/udp" }],
    options: {
      dir: DIRECTORY_OPTION,
      here: HERE_OPTION,
      lib: { help: "print the path of the libunsock.so that run preloads, not a port's" },
    },
    notes: `Programs that speak Unix sockets need no unsock to reach it:
  curl --unix-socket "$(unsock path 8000)" http://localhost/

If several servers have a port, each on its own address, PORT@ADDR is the one that clients of ADDR reach.`,
    start: async ({ context }) => await (await import("./by_library.ts")).byLibrary(context),
  }),
  command({
    name: "wait",
    summary: "wait until a server listens at each of these ports",
    operands: [{ name: "PORT[@ADDR][/udp]", kind: "port/live", repeated: true }],
    options: {
      dir: DIRECTORY_OPTION,
      here: HERE_OPTION,
      timeout: {
        value: "seconds",
        help: "fail after this time: 10, 0.5, 10s or 500ms",
        default: "wait for ever",
      },
      gone: { help: "wait until none of the ports has a server any more" },
    },
    notes:
      `PORT@ADDR is ready when a server listens on that address, or on a wildcard of its family. A plain Unix server and a control file
serve all addresses. A port with a control file is ready when its target would accept a client.
If the target is on another machine, a connection is made and closed again.

Exit status: 0 when all ports are ready, 1 after the time-out.

Example:
  unsock run -- redis-server &
  unsock wait 6379 --timeout 10 && unsock run -- redis-cli ping`,
    start: async ({ context }) => await (await import("./by_library.ts")).byLibrary(context),
  }),
  command({
    name: "expose",
    summary: "forward a port of the real network to the directory's server, or with --in the other way",
    operands: [{ name: "PORT[/udp][=PORT]", kind: "port/live", repeated: true, optional: true }],
    options: {
      dir: DIRECTORY_OPTION,
      here: HERE_OPTION,
      ...EXPOSE_OPTIONS,
    },
    notes:
      `The port after = is the real network's, if it differs. 0 means any free port, which is printed. The port is open
until the command ends (Ctrl-C). Anyone who can connect to it reaches the server, whatever the directory's mode is. The server sees the
client's own address. With --all, PORT=PORT chooses another number for one of the ports. Ports of plain Unix servers, and of
another expose --in, are not exposed.

With --http the Host of a request names the loopback. http://NAME.localhost:PORT/ is the only TCP port of "run --name NAME",
or of a directory in the default one or in --dir; http://3000.NAME.localhost:PORT/ is one of several. http://localhost:PORT/ lists all. Connections
stay open, WebSockets and HTTP/2 without TLS pass, and X-Forwarded-For, -Host and -Proto tell the server its client. With --cert
and --key all URLs are https://, by HTTP/2 and HTTP/1.1, in front of servers of HTTP/1.

For a browser, http://localhost:3000/, and http://localhost:8080/:
  unsock expose 3000
  unsock expose --dir .git/unsock 3000=8080
  unsock expose --all
  unsock expose --http 8080
  unsock expose --http 8443 --cert cert.pem --key key.pem

A DNS server:
  unsock expose 53/udp=5353

A database of this machine, for programs in the directory:
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
      here: HERE_OPTION,
      dryRun: { help: "print the files that would be removed, but do not remove them" },
      force: { help: "prune even if other users could replace the directory --dir" },
      json: JSON_OPTION,
      lib: { ...LIBRARY.option, help: "the libunsock.so that removes them" },
    },
    notes: "Exit status: 1 when a file could not be removed.",
    start: async ({ options, context }) => await (await import("./by_library.ts")).byLibrary(context, options.lib),
  }),
  command({
    name: "doctor",
    summary: "check this machine and its listeners, or how COMMAND is reached, or why no server answers at PORT",
    operands: [
      { name: "COMMAND|PORT[@ADDR][/udp]", optional: true, kind: "port/program" },
      { name: "ARG", optional: true, repeated: true },
    ],
    options: {
      dir: DIRECTORY_OPTION,
      here: HERE_OPTION,
      lib: { ...LIBRARY.option, help: "the libunsock.so to check" },
      json: JSON_OPTION,
    },
    notes:
      `Exit status: 0 when all is well, 1 when a line says FAIL. With a PORT the last line is the verdict, and it alone decides: 0 when a
client of this user in this shell is answered, else 1, with the reason and the command to type.

A COMMAND with options of its own stands behind --. Of env and its options, the program that it starts is examined, too.

Examples:
  unsock doctor
  unsock doctor 8000
  unsock doctor 53@127.0.0.2/udp
  unsock doctor -- env -i curl http://127.0.0.1:8000/`,
    start: async ({ options, operands, context }) => (await import("./doctor.ts")).doctor(options, operands, context),
  }),
  command({
    name: "env",
    summary: "print the environment that run would set, for a shell, a systemd unit or a container",
    options: {
      here: HERE_OPTION,
      ...SETTING_OPTIONS,
      ...DIRECTORY_OPTIONS,
      lib: LIBRARY.option,
      force: { help: "print the lines even if everybody may write to --dir, or other users could replace it" },
      off: { help: "print lines that unset the variables: later programs of the shell are not redirected any more" },
      format: {
        value: "which",
        choices: ENV_FORMATS,
        help:
          "sh: export lines for a shell; systemd: Environment= lines for a unit; docker: lines for --env-file; json: as --json",
        default: "sh",
      },
      json: JSON_OPTION,
    },
    notes: `Everything that the shell starts from then on is redirected:
  eval "$(unsock env --port 5432)"
and no longer:
  eval "$(unsock env --off)"

An existing service, by a drop-in file:
  { echo "[Service]"; unsock env --format systemd; } >unsock.conf`,
    start: async ({ options, context }) => (await import("./env.ts")).env(options, context),
  }),
  command({
    name: "unit",
    summary: "print a hardened systemd service that runs COMMAND, and its socket unit",
    operands: [{ name: "COMMAND", kind: "program" }],
    isWrapper: true,
    options: {
      ...UNIT_OPTIONS,
      here: HERE_OPTION,
      ...SETTING_OPTIONS,
      ...DIRECTORY_OPTIONS,
      lib: { ...LIBRARY.option, help: "the libunsock.so that starts COMMAND" },
    },
    notes: `The directory is /run/NAME, which systemd makes, unless --dir or --here chooses another.

Example:
  unsock unit --group www-data --output /etc/systemd/system -- \\
    python3 -m http.server --bind 127.0.0.1 8000
  unsock unit --expose --output ~/.config/systemd/user -- --http 8080`,
    start: async ({ options, operands, context }) => await (await import("./unit.ts")).unit(options, operands, context),
  }),
  command({
    name: "make-control",
    summary: "write a control file that sends a port's traffic elsewhere: vsock, Firecracker, TIPC, Unix, IP",
    operands: [{ name: "FILE", optional: true, kind: "file" }],
    options: {
      dir: { ...DIRECTORY_OPTION, help: "directory in which PORT.sock is made" },
      port: { value: "n", kind: "port", help: "the port that programs use" },
      force: { help: "replace a stale socket file, and write even if everybody may write to --dir" },
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
      (await import("./make_control.ts")).makeControl(options, file, context),
  }),
  command({
    name: "show-control",
    summary: "explain every field of a control file, named by its path or its port",
    operands: [{ name: "FILE|PORT[/udp]", kind: "port/file" }],
    options: { dir: DIRECTORY_OPTION, json: JSON_OPTION },
    start: async ({ options, operands: [file = ""], context }) =>
      (await import("./show_control.ts")).showControl(options, file, context),
  }),
  command({
    name: "self-test",
    summary: "check the library on this machine, with real sockets in a private directory",
    options: { lib: { ...LIBRARY.option, help: "the libunsock.so to test" } },
    start: async ({ options, context }) => (await import("./self_test.ts")).selfTest(options.lib, context),
  }),
  command({
    name: "install",
    summary: "install program, library, manual pages and completions",
    options: {
      prefix: { value: "directory", kind: "directory", help: "directory of bin, lib and share", default: "/usr/local" },
      uninstall: { help: "remove the installed files" },
      force: { help: "replace existing files that install has not made" },
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

/** Names of commands in other tools, each with the `unsock` command for it. */
export const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ["list", "ls"],
  ["ps", "ls"],
  ["status", "ls"],
  ["up", "run"],
  ["exec", "run"],
  ["rm", "prune"],
  ["clean", "prune"],
  ["forward", "expose"],
  ["proxy", "expose"],
  ["uninstall", "install --uninstall"],
]);

/** Commands for programs, not for people. They have help, but the list of commands and the completions omit them. */
export const PROGRAMS_COMMANDS: readonly Command[] = [
  command({
    name: "hold",
    summary: "keep a private directory for a program that starts others in it, until standard input ends",
    options: RUN_OPTIONS,
    notes:
      `For test runners: the npm module "unsock" starts it. On a command line use "unsock run --private", which ends by itself.

It makes a private directory in --dir and prints the variables for programs in it, each with a NUL at its end, and one more NUL at
the end. A request on standard input is its length in bytes, a newline and the text, "map PORT=PATH". The answer is empty on success, else the
reason of the failure; it ends with a NUL. When standard input ends, all processes of the directory are ended and the directory is removed. See also libunsock(7).`,
    start: async ({ options, context }) => await (await import("./by_library.ts")).byLibrary(context, options.lib),
  }),
  command({
    name: "query",
    summary: "answer QUESTIONs about directories, ports and programs in JSON",
    operands: [{ name: "QUESTION" }],
    isWrapper: true,
    options: RUN_OPTIONS,
    notes:
      `For other programs; this command line uses it, too. docs/json.md lists the questions and answers, and so does
"$(unsock path --lib)" query --help.`,
    start: async ({ options, context }) => await (await import("./by_library.ts")).byLibrary(context, options.lib),
  }),
];
