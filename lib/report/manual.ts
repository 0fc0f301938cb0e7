/** The manual pages, from the tables of commands, options and settings. Pure. */
import { CONTROL_FILE_VARIABLE, CONTROL_OPTIONS, type ControlOption } from "../control/option_table.ts";
import { defaultInWords, LIBRARY, RUN_ADDRESSES, SETTING_LIST } from "../run/settings.ts";
import { HELP_OPTION, optionHelp } from "../system/options.ts";
import { VERSION } from "../system/version.ts";
import { type Command, PROGRAM, usageOf } from "./command.ts";
import { optionTerm } from "./help.ts";

/** Escapes what roff would read: backslashes, hyphens that are minus signs, dots and quotes at a line's begin. */
function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/gm, "\\&$1");
}

function title(name: string, section: number): string {
  return `.TH ${name.toUpperCase()} ${section} "" "unsock ${VERSION}" "unsock manual"\n`;
}

function entry(term: string, text: string): string {
  return `.TP\n.B ${roff(term)}\n${roff(text)}\n`;
}

function settings(): string {
  return SETTING_LIST.map((setting) => {
    const otherwise = defaultInWords(setting);
    const value = setting.type.value?.toUpperCase() ?? "1";
    return entry(`${setting.variable}=${value}`, optionHelp({ help: setting.help, default: otherwise || undefined }));
  }).join("");
}

function controlVariables(): string {
  const options: readonly ControlOption[] = Object.values(CONTROL_OPTIONS);
  const variables = [CONTROL_FILE_VARIABLE, ...options.map(({ variable }) => variable)];
  return variables.filter((variable) => variable !== undefined)
    .map(({ name, value, help }) => entry(`${name}=${value.toUpperCase()}`, help)).join("");
}

function commandSection(command: Command): string {
  const options = Object.entries({ ...command.options, help: HELP_OPTION })
    .map(([name, option]) => entry(optionTerm(name, option), optionHelp(option)));
  const example = command.notes === undefined ? "" : `.PP\n.nf\n${roff(command.notes)}\n.fi\n`;
  const heading = roff(`${PROGRAM.name} ${command.name} ${usageOf(command)}`);
  return `.SS ${heading}\n${roff(command.summary)}.\n${options.join("")}${example}`;
}

/**
 * `unsock(1)`.
 *
 * @param commands All commands.
 * @returns The page in roff.
 */
export function commandManual(commands: readonly Command[]): string {
  return `${title("unsock", 1)}.SH NAME
unsock \\- ${roff(PROGRAM.summary)}
.SH SYNOPSIS
.B unsock
${roff(PROGRAM.usage)}
.SH DESCRIPTION
.nf
${roff(PROGRAM.notes)}
.fi
.SH COMMANDS
${commands.map(commandSection).join("")}.SH ENVIRONMENT
Options override these variables, which the library reads:
${settings()}${entry(`${LIBRARY.variable}=${LIBRARY.option.value.toUpperCase()}`, LIBRARY.option.help)}.SH SEE ALSO
.BR libunsock (7),
.BR ld.so (8),
.BR unix (7)
`;
}

/**
 * `libunsock(7)`.
 *
 * @param calls The functions that the library puts itself in front of, as it names them itself.
 * @returns The page in roff.
 */
export function libraryManual(calls: readonly string[]): string {
  return `${title("libunsock", 7)}.SH NAME
libunsock \\- change IP sockets of unmodified programs to Unix sockets
.SH SYNOPSIS
.nf
UNSOCK_DIR=/run/sockets LD_PRELOAD=/usr/local/lib/libunsock.so COMMAND
UNSOCK_DIR=/run/sockets /usr/local/lib/libunsock.so run \\-\\- COMMAND
UNSOCK_FILE=/run/sockets/80.sock UNSOCK_VSOCK_PORT=5678 /usr/local/lib/libunsock.so
.fi
.SH DESCRIPTION
A socket that a program binds or connects to a covered address becomes a Unix socket:
TCP port 80 is the file 80.sock in the directory, UDP port 53 the file 53.dgram.sock.
A regular file in such a place, a control file, leads elsewhere: to vsock, TIPC, a guest behind Firecracker.
.PP
The library is also a program. With UNSOCK_FILE it makes a control file; "run" preloads it into COMMAND.
It needs no other file, not even a C library.
.PP
It puts itself in front of these functions of the C library, and of no others:
${roff(calls.toSorted().join(", "))}.
.PP
A value that cannot be read ends the program before it starts, with one line and status 1: nobody shall believe
that traffic is off the network when it is not.
.SH ENVIRONMENT
${settings()}.SS To make control files
${controlVariables()}.SH NOTES
.B unsock run
covers ${roff(RUN_ADDRESSES)} unless told otherwise.
Programs can leave by raw system calls: preloading is no sandbox.
.SH SEE ALSO
.BR unsock (1),
.BR ld.so (8),
.BR unix (7),
.BR vsock (7)
`;
}
