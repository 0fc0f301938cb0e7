/** The manual pages, made from the same words as `--help`. Pure. */
import type { Command } from "commander";
import { MAX_DIRECTORY_LENGTH, RUN_ADDRESSES } from "../run/settings.ts";
import { VERSION } from "../system/version.ts";

/** A variable of the library's environment. */
interface Variable {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

const VARIABLES: readonly Variable[] = [
  {
    name: "UNSOCK_DIR",
    value: "DIRECTORY",
    meaning: `absolute directory of the socket files, at most ${MAX_DIRECTORY_LENGTH} bytes; made 0755 if missing`,
  },
  {
    name: "UNSOCK_ADDR",
    value: "LIST",
    meaning: "what is redirected: ADDR or ADDR/BITS, IPv4 and IPv6, separated by commas; /0 is all of that family. " +
      "The first address of each family is what peers without one of their own seem to have (default: 127.175.0.0/32)",
  },
  { name: "UNSOCK_PORT", value: "LIST", meaning: "only these ports: N or N-M, separated by commas (default: all)" },
  { name: "UNSOCK_MODE", value: "OCTAL", meaning: "permissions of created socket files (default: as the umask says)" },
  { name: "UNSOCK_BLOCK_INET", value: "1", meaning: "IP traffic that is not redirected fails with EACCES" },
  { name: "UNSOCK_BLOCK_INET6", value: "1", meaning: "IPv6 sockets fail with EAFNOSUPPORT" },
  { name: "UNSOCK_ACCEPT_CONVERT_ALL", value: "1", meaning: "peers that are not IP are reported as IP" },
  { name: "UNSOCK_ACCEPT_CONVERT_VSOCK", value: "1", meaning: "vsock peers are reported as IP" },
  { name: "UNSOCK_FALLBACK", value: "1", meaning: "a connect where no socket file is goes to the real network" },
  {
    name: "UNSOCK_CONNECT_TIMEOUT_MS",
    value: "MILLISECONDS",
    meaning: "how long a Firecracker handshake may take (default: 5000)",
  },
  { name: "UNSOCK_LOG", value: "stderr|FILE", meaning: "a line for each redirected call" },
];

const FILE_VARIABLES: readonly Variable[] = [
  { name: "UNSOCK_FILE", value: "FILE", meaning: "the control file to make; must not exist" },
  { name: "UNSOCK_VSOCK_PORT", value: "N", meaning: "AF_VSOCK port" },
  { name: "UNSOCK_VSOCK_CID", value: "N", meaning: "AF_VSOCK context id (default: any)" },
  { name: "UNSOCK_FC_SOCK", value: "PATH", meaning: "Firecracker's Unix socket" },
  { name: "UNSOCK_TIPC_ADDRTYPE", value: "N", meaning: "1 range, 2 service, 3 node" },
  { name: "UNSOCK_TIPC_SCOPE", value: "N", meaning: "2 cluster, 3 node" },
  { name: "UNSOCK_TIPC_TYPE", value: "N", meaning: "service type" },
  { name: "UNSOCK_TIPC_LOWER", value: "N", meaning: "instance, or begin of the range" },
  { name: "UNSOCK_TIPC_UPPER", value: "N", meaning: "domain, or end of the range" },
];

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

function variables(list: readonly Variable[]): string {
  return list.map(({ name, value, meaning }) => entry(`${name}=${value}`, meaning)).join("");
}

/** What follows the options in `--help`: examples and exit statuses, kept as they stand. */
function epilogue(command: Command): string {
  let text = "";
  const output = command.configureOutput();
  const help = command.createHelp().formatHelp(command, command.createHelp());
  command.configureOutput({ ...output, writeOut: (part) => text += part });
  command.outputHelp();
  command.configureOutput(output);
  return text.startsWith(help) ? text.slice(help.length).trim() : "";
}

function commandSection(command: Command): string {
  const help = command.createHelp();
  const options = help.visibleOptions(command).map((option) => entry(help.optionTerm(option), option.description));
  const notes = epilogue(command);
  const example = notes === "" ? "" : `.PP\n.nf\n${roff(notes)}\n.fi\n`;
  return `.SS ${roff(`unsock ${command.name()} ${command.usage()}`)}\n${roff(command.description())}.\n${
    options.join("")
  }${example}`;
}

/**
 * `unsock(1)`.
 *
 * @param program The command line.
 * @returns The page in roff.
 */
export function commandManual(program: Command): string {
  const notes = epilogue(program);
  return `${title("unsock", 1)}.SH NAME
unsock \\- ${roff(program.description())}
.SH SYNOPSIS
.B unsock
${roff(program.usage())}
.SH DESCRIPTION
.nf
${roff(notes)}
.fi
.SH COMMANDS
${program.commands.map(commandSection).join("")}.SH ENVIRONMENT
Options override these variables, which the library reads:
${variables(VARIABLES)}${entry("UNSOCK_LIB=FILE", "the libunsock.so to preload")}.SH SEE ALSO
.BR libunsock (7),
.BR ld.so (8),
.BR unix (7)
`;
}

/** @returns `libunsock(7)` in roff. */
export function libraryManual(): string {
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
A value that cannot be read ends the program before it starts, with one line and status 1: nobody shall believe
that traffic is off the network when it is not.
.SH ENVIRONMENT
${variables(VARIABLES)}.SS To make control files
${variables(FILE_VARIABLES)}.SH NOTES
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
