/** The manual pages, from the tables of commands, options and settings. */
import { CONTROL_FILE_VARIABLE, CONTROL_OPTIONS, type ControlOption } from "../control/option_table.ts";
import { defaultInWords, LIBRARY, RUN_ADDRESSES, SETTING_LIST } from "../run/settings.ts";
import { optionFlag, optionHelp } from "../system/options.ts";
import { RELEASED, VERSION } from "../system/version.ts";
import { type Command, PROGRAM, usageOf } from "./command.ts";
import { optionTerm } from "./help.ts";
import { groupOptions } from "./option_groups.ts";
import { fill, piecesOf } from "./prose.ts";

type Pair = readonly [term: string, text: string];

/** Exit statuses of all commands. */
const EXIT_STATUS: readonly Pair[] = [
  ["0", "all is well"],
  ["1", "the command failed, or found something wrong"],
  ["2", "the command line or an environment variable is wrong"],
  ["69", "the command cannot work here: another system than Linux, or too old a Node.js"],
  ["125", "run: unsock itself failed"],
  ["126", "run: COMMAND cannot be executed"],
  ["127", "run: COMMAND was not found"],
];

/** Variables that the command line reads besides the settings. */
const OWN_VARIABLES: readonly Pair[] = [
  ["UNSOCK_DEBUG=1", "print an error's stack trace, too"],
  ["XDG_RUNTIME_DIR", "its subdirectory unsock is the default directory of the socket files, if the user owns it"],
  ["XDG_CACHE_HOME", "the compiled program unpacks the library that it carries into the subdirectory unsock"],
];

/** The section FILES. libunsock(7) has only the first `SOCKET_FILES` entries. */
const FILES: readonly Pair[] = [
  [
    "DIR/PORT.sock",
    "a TCP port: a link to its only or first socket; or a plain Unix server's socket, or a control file",
  ],
  ["DIR/PORT.dgram.sock", "the same for a UDP port; or a UDP client's socket"],
  [
    "DIR/.PORT@ADDR",
    "the TCP socket on that address. ADDR has - for each colon. It is any for [::] of both families, and five characters if the path would be too long. +N follows if the socket shares the address, or waits",
  ],
  ["DIR/.PORTu@ADDR", "the UDP socket on that address. A client's name has a comma and its server's address"],
  [
    "DIR/.PORT@, DIR/.PORTu@",
    "the record: lists the sockets of a port that has several. ~ follows during a change",
  ],
  ["DIR/.unsock.lock", "the directory's lock. In a private directory it stays until the programs there end"],
  ["DIR/.unsock.gone, DIR/.unsock-*", "a stale file, while it is removed; a control file, while it is made"],
  ["lib/libunsock.so", "the library, in the directory beside bin: unsock path --lib prints its path"],
  ["/run/unsock", "root's default directory, if XDG_RUNTIME_DIR is not set"],
  ["/tmp/unsock-UID", "other users' default directory, if XDG_RUNTIME_DIR is not set"],
  [
    ".git/unsock",
    "in a git checkout, the directory of --here. Its loopback has the name of the branch, or of the main checkout's folder: in lower case, with one - for each run of other characters than a-z and 0-9",
  ],
  [
    ".names, .checkouts",
    "in the default directory: links to the directories of --name, and to the checkouts of --here",
  ],
];
const SOCKET_FILES = 7;

const EXAMPLES: readonly Pair[] = [
  [
    "A web server without a port, and a client",
    `unsock run python3 -m http.server 8000
unsock run curl http://127.0.0.1:8000/`,
  ],
  ["The same port in every git checkout", "unsock run --here npm run dev"],
  ["For a group of users", "unsock run --dir /run/db --group db redis-server"],
  ["In a script, wait until the server is ready", "unsock wait 8000 --timeout 10"],
  [
    "The same port in a guest behind Firecracker",
    "unsock make-control --port 80 --fc-sock /run/vm/v.sock --vsock-port 5678",
  ],
];

/** Escapes roff's special characters: backslashes, minus signs, and dots and quotes at the start of a line. */
function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/gm, "\\&$1");
}

const LINE_MOST = 80;

/** Breaks long lines between words, as roff's checkers require. Leaves the lines between .nf and .fi as they are. */
function wrapped(page: string): string {
  let asIs = false;
  return page.split("\n").map((line) => {
    if (/^\.(nf|fi)$/.test(line)) asIs = line === ".nf";
    return asIs || line.startsWith(".") ? line : wrap(line);
  }).join("\n");
}

/** Breaks a line. Escapes a dot or a quote that begins a new line, since roff would read it as a request. */
function wrap(text: string): string {
  return fill(text, LINE_MOST).join("\n").replace(/(?<=\n)(?=[.'])/g, "\\&");
}

function title(name: string, section: number): string {
  return `.TH ${name.toUpperCase()} ${section} ${RELEASED} "unsock ${VERSION}" "unsock manual"\n`;
}

function entry(term: string, text: string): string {
  return `.TP\n.B ${roff(term)}\n${roff(text)}\n`;
}

function settings(): string {
  return SETTING_LIST.map((setting) => {
    const otherwise = defaultInWords(setting);
    const { choices, value: named } = setting.type;
    const value = choices?.join("|") ?? named?.toUpperCase() ?? "1";
    return entry(`${setting.variable}=${value}`, optionHelp({ help: setting.help, default: otherwise || undefined }));
  }).join("");
}

function controlVariables(): string {
  const options: readonly ControlOption[] = Object.values(CONTROL_OPTIONS);
  const variables = [CONTROL_FILE_VARIABLE, ...options.map(({ variable }) => variable)];
  return variables.filter((variable) => variable !== undefined)
    .map(({ name, value, help }) => entry(`${name}=${value.toUpperCase()}`, help)).join("");
}

/** Formats paragraphs and examples. Examples keep their line breaks. */
function prose(text: string): string {
  return piecesOf(text).map(({ isExample, lines }) =>
    isExample ? `.PP\n.nf\n${roff(lines.join("\n"))}\n.fi\n` : `.PP\n${roff(lines.join("\n"))}\n`
  ).join("").replace(/^\.PP\n/, "");
}

/** @param first Its options are described in full. Other commands only name the options that they share with it. */
function commandSection(command: Command, _index: number, [first]: readonly Command[]): string {
  const all = Object.entries(command.options);
  const shared = all.filter(([name, option]) => command !== first && first?.options[name] === option);
  const own = Object.fromEntries(all.filter((one) => !shared.includes(one)));
  const groups = groupOptions(own);
  const options = groups.flatMap(({ title, options }) => [
    groups.length > 1 ? `.PP\n.I ${title}\n` : "",
    ...options.map(([name, option]) => entry(optionTerm(name, option), optionHelp(option))),
  ]);
  const flags = shared.map(([name]) => optionFlag(name)).join(", ");
  const others = flags === "" ? "" : `.PP\n${roff(`As for ${first?.name}: ${flags}.`)}\n`;
  const example = command.notes === undefined ? "" : `.PP\n${prose(command.notes)}`;
  const heading = roff(`${PROGRAM.name} ${command.name} ${usageOf(command)}`);
  return `.SS ${heading}\n${roff(command.summary)}.\n${options.join("")}${others}${example}`;
}

/** Returns `unsock(1)`. */
export function commandManual(commands: readonly Command[]): string {
  return wrapped(`${title("unsock", 1)}.SH NAME
unsock \\- ${roff(PROGRAM.summary)}
.SH SYNOPSIS
.B unsock
${roff(PROGRAM.usage)}
.SH DESCRIPTION
${prose(PROGRAM.notes)}.SH COMMANDS
${commands.map(commandSection).join("")}.SH EXIT STATUS
${EXIT_STATUS.map(([status, text]) => entry(status, text)).join("")}.SH ENVIRONMENT
Options override these variables, which the library reads:
${settings()}${entry(`${LIBRARY.variable}=${LIBRARY.option.value.toUpperCase()}`, LIBRARY.option.help)}${
    OWN_VARIABLES.map(([name, text]) => entry(name, text)).join("")
  }.SH FILES
${FILES.map(([name, text]) => entry(name, text)).join("")}.SH EXAMPLES
${EXAMPLES.map(([text, lines]) => `${roff(text)}:\n.PP\n.nf\n${roff(lines)}\n.fi\n`).join(".PP\n")}.SH SEE ALSO
.BR libunsock (7),
.BR ld.so (8),
.BR unix (7)
`);
}

/** Returns `libunsock(7)`. `calls` are the functions that the library interposes, as the library lists them. */
export function libraryManual(calls: readonly string[]): string {
  return wrapped(`${title("libunsock", 7)}.SH NAME
libunsock \\- change IP sockets of unmodified programs to Unix sockets
.SH SYNOPSIS
.nf
library="$(unsock path \\-\\-lib)"
UNSOCK_DIR=/run/sockets LD_PRELOAD="$library" COMMAND
UNSOCK_DIR=/run/sockets "$library" run \\-\\- COMMAND
UNSOCK_FILE=/run/sockets/80.sock UNSOCK_VSOCK_PORT=5678 "$library"
.fi
.SH DESCRIPTION
A socket that a program binds or connects to a covered address becomes a Unix socket:
TCP port 80 is the file 80.sock in the directory, UDP port 53 the file 53.dgram.sock.
A control file, a regular file of such a name, forwards the port elsewhere: to vsock, TIPC, or a guest behind Firecracker.
If a service manager has opened the file for the program (LISTEN_FDS, LISTEN_PID; sd_listen_fds(3)), a bind of the port gets that socket.
.PP
The library is also a program. With UNSOCK_FILE it makes a control file.
"run" preloads it into COMMAND, with all options of unsock(1). "expose", "path", "wait" and "prune" are those of unsock(1).
"hold" takes the options of run, makes a private directory, and prints the variables for programs in it:
each with a NUL at its end, and one more NUL at the end. When its standard input ends, it ends all processes of the directory.
The library needs no other file, not even a C library.
.PP
It interposes these functions of the C library, and no others:
${roff(calls.toSorted().join(", "))}.
.PP
If a value cannot be read, the program ends before it starts, with one line and status 1,
so that no traffic goes over the network unnoticed.
.SH ENVIRONMENT
${settings()}.SS To make control files
${controlVariables()}.SH NOTES
.B unsock run
covers ${roff(RUN_ADDRESSES)} by default.
This is no sandbox: a program can use the network if it tries to.
.SH EXIT STATUS
Of the library as a program: for "run", 125 when the library itself fails, 126 when COMMAND cannot be executed, 127 when it is not found,
else COMMAND's own. For the others, 2 for a wrong command line, 1 for other failures.
.SH FILES
${FILES.slice(0, SOCKET_FILES).map(([name, text]) => entry(name, text)).join("")}.SH EXAMPLES
A server and a client, by the environment alone:
.PP
.nf
library="$(unsock path \\-\\-lib)" || exit
export UNSOCK_DIR=/tmp/sockets UNSOCK_ADDR=127.0.0.1/8
LD_PRELOAD="$library" python3 \\-m http.server \\-\\-bind 127.0.0.1 8000 &
LD_PRELOAD="$library" curl http://127.0.0.1:8000/
.fi
.SH SEE ALSO
.BR unsock (1),
.BR ld.so (8),
.BR unix (7),
.BR vsock (7)
`);
}
