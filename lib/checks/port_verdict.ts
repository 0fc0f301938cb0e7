/**
 * Decides from facts alone whether a client at a port is answered if this user starts it in this shell. The verdict is
 * one sentence, with the reason and the command to type.
 */
import type { AddressedPort } from "../run/ports.ts";
import { describeInvalid } from "./invalid_file.ts";

/** The library's answer about one address that a client may connect to. */
export interface AddressAnswer {
  readonly address: string;
  /** Whether `UNSOCK_ADDR` and `UNSOCK_PORT` cover the address and port; if not, which of the two excludes them. */
  readonly covered: "yes" | "address" | "port";
  /** `soon`: a socket is bound but does not listen, or a control file's target does not answer in time. */
  readonly answer: "ready" | "soon" | "nobody";
  /** The file that a client connects to: the server's own, or a control file. */
  readonly file: string;
  /** Whether this user may connect to `file`: a socket file needs write permission. */
  readonly mayConnect: boolean;
}

/** A process that holds a socket of the port open. */
export interface PortProcess {
  /** `nginx[12]` */
  readonly name: string;
  readonly pid: number;
  /** Whether a signal or a debugger has stopped the process. */
  readonly stopped: boolean;
  /** For how many seconds no thread of the process has run, or undefined if this is not known. */
  readonly idleSeconds: number | undefined;
}

/** One file of the port in the directory. */
export interface PortFile {
  /** The path as people know it: `PORT.sock`. */
  readonly file: string;
  /** The path of the socket's own file, to which `file` may be a link. */
  readonly own: string;
  readonly state: "alive" | "stale" | "control" | "invalid" | "unknown";
  readonly kind: AddressedPort["kind"];
  /** The address that the file's socket is bound to, or undefined if it is not known. */
  readonly address: string | undefined;
  /** Whether the socket is bound to `::` for both IPv4 and IPv6. */
  readonly forBoth: boolean;
  /** For `control`, the file's target; for `invalid`, why the file is no control file; else undefined. */
  readonly target: string | undefined;
  readonly processes: readonly PortProcess[];
  /** The number of connections that the listener has not accepted. */
  readonly backlog: number;
  /** `alice's, mode 0600` */
  readonly rights: string;
}

/** A server of the same port at another place. Clients in this directory do not reach the server. */
export interface OtherServer {
  /**
   * `network`: on the real network. `directory`: in another directory. `root`: in a directory below another root
   * directory, such as a container's.
   */
  readonly place: "network" | "directory" | "root";
  /** The server's processes, `python3[12]`; "a server" if they are not known. */
  readonly name: string;
  /** The server's directory. For a server on the network: the server's port. */
  readonly where: string;
  readonly mayConnect: boolean;
  /** The setting by which a server under unsock excludes the port, or undefined if there is none. */
  readonly leftOutBy: { readonly variable: string; readonly value: string } | undefined;
}

/** All facts that the verdict depends on. */
export interface PortFacts {
  readonly port: AddressedPort;
  /** The port as the user writes it: `8000`, `53@127.0.0.2/udp`. */
  readonly name: string;
  readonly directory: string;
  /** The first problem that stops every client and server here, and how to solve it. */
  readonly blocked: Verdict | undefined;
  readonly exists: boolean;
  /** The reason why no server can make its socket here, such as a directory that cannot be made, and the advice. */
  readonly cannotHold: Omit<Verdict, "answered"> | undefined;
  /** The values of `UNSOCK_PORT` and `UNSOCK_ADDR` in effect. */
  readonly settings: { readonly port: string | undefined; readonly addr: string };
  /** Whether programs that this shell starts are under unsock already. */
  readonly shellIsUnder: boolean;
  /** An answer for each address: the user's, or if the user named none, 127.0.0.1, ::1. Empty if `blocked` is set. */
  readonly answers: readonly AddressAnswer[];
  /** The port's files in the directory, of TCP and UDP. */
  readonly files: readonly PortFile[];
  readonly others: readonly OtherServer[];
}

/** One sentence, and the command to type. */
export interface Verdict {
  readonly answered: boolean;
  readonly text: string;
  readonly advice?: string;
}

/** A server whose clients wait counts as hung if none of its threads has run for this long. */
const HUNG_SECONDS = 2;

const no = (text: string, advice: string): Verdict => ({ answered: false, text, advice });

/**
 * Checks in a client's order: the settings, the file to connect to, the file's server. Then looks for a server of the
 * port in other places.
 */
export function judgePort(facts: PortFacts): Verdict {
  return facts.blocked ?? notCovered(facts) ?? reached(facts) ?? refused(facts) ?? misplaced(facts) ?? nobody(facts);
}

function notCovered({ answers, name, settings, port }: PortFacts): Verdict | undefined {
  const [first] = answers;
  if (first === undefined || answers.some(({ covered }) => covered === "yes")) return undefined;
  const goes = "a client goes to the real network";
  if (first.covered === "port") {
    return no(
      `port ${port.number} is not covered (UNSOCK_PORT=${settings.port ?? ""}): ${goes}`,
      `add it, UNSOCK_PORT=${settings.port ?? ""},${port.number}, or unset UNSOCK_PORT`,
    );
  }
  const added = `${settings.addr},${first.address}`;
  return no(`${name}: ${first.address} is not covered (--addr ${settings.addr}): ${goes}`, `run --addr ${added}`);
}

/** Returns the verdict on the server that a client can connect to, or undefined if there is none. */
function reached({ answers, files, port, shellIsUnder }: PortFacts): Verdict | undefined {
  const first = answers.find(({ answer, covered, mayConnect }) =>
    answer === "ready" && covered === "yes" && mayConnect
  );
  if (first === undefined) return undefined;
  const file = files.find(({ own }) => own === first.file);
  const halted = file && acceptsNobody(file);
  if (halted !== undefined) return halted;
  // A client of "localhost" tries both addresses. If only the second works, the verdict also says that a client of the
  // first is not answered.
  const [tried] = answers;
  const not = tried === undefined || tried === first ? "" : `; a client of ${at(tried.address, port)} is not`;
  const text = `a client of ${at(first.address, port)} is answered${by(file)}${not}`;
  if (shellIsUnder) return { answered: true, text };
  return { answered: true, text, advice: `a client needs unsock, too: unsock run CLIENT, or ${plainClient(port)}` };
}

function plainClient({ number, kind }: AddressedPort): string {
  return `for one without it unsock expose ${number}${kind === "datagram" ? "/udp" : ""}`;
}

function at(address: string, { number, kind }: AddressedPort): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${host}:${number}${kind === "datagram" ? "/udp" : ""}`;
}

function namesOf({ processes }: PortFile, otherwise = "a server"): string {
  return processes.map(({ name }) => name).join(" ") || otherwise;
}

function by(file: PortFile | undefined): string {
  if (file === undefined) return "";
  if (file.target !== undefined) return `, by the control file ${file.file} (${file.target})`;
  return file.processes.length === 0 ? "" : ` by ${namesOf(file)}`;
}

/**
 * Returns the verdict on a server that accepts nobody, although the kernel still queues its clients: all its processes
 * are stopped, or clients wait and no process has run for `HUNG_SECONDS`. Returns undefined for any other server.
 */
function acceptsNobody(file: PortFile): Verdict | undefined {
  const { processes, backlog } = file;
  if (processes.length === 0) return undefined;
  const idle = processes.map(({ idleSeconds }) => idleSeconds ?? 0).reduce((least, one) => Math.min(least, one));
  const since = idle > 0 ? `has not run for ${idle} s` : "does not run";
  const waiting = backlog === 0 ? "" : `, and ${backlog === 1 ? "1 client waits" : `${backlog} clients wait`}`;
  if (processes.every(({ stopped }) => stopped)) {
    const pids = processes.map(({ pid }) => pid).join(" ");
    return no(`${namesOf(file)} is stopped, and accepts nobody: it ${since}${waiting}`, `kill -CONT ${pids}`);
  }
  if (backlog === 0 || idle < HUNG_SECONDS) return undefined;
  return no(`${namesOf(file)} hangs, and accepts nobody: it ${since}${waiting}`, "start the server again");
}

/** Returns the verdict on a file of the port that makes a client fail, or undefined if none does. */
function refused({ files, name, port, answers }: PortFacts): Verdict | undefined {
  const own = files.filter(({ kind }) => kind === port.kind);
  const damaged = own.find(({ state }) => state === "invalid");
  if (damaged !== undefined) return { answered: false, ...describeInvalid(damaged) };
  const closed = answers.find(({ answer, mayConnect }) => answer !== "nobody" && !mayConnect);
  if (closed !== undefined) {
    const file = own.find((one) => one.own === closed.file);
    return no(
      `you may not connect to ${closed.file} (${file?.rights ?? "another user's"}): EACCES`,
      "start the server with --mode 660 and a --group that you are in, or --mode 666",
    );
  }
  const isSoon = answers.some(({ answer }) => answer === "soon");
  const control = own.find(({ state }) => state === "control");
  if (control !== undefined) {
    const why = isSoon ? "which does not answer: ETIMEDOUT" : "where nobody listens: ECONNREFUSED";
    return no(
      `${control.file} forwards to ${control.target}, ${why}`,
      `start the server there; "unsock show-control ${control.file}" prints each field`,
    );
  }
  if (!isSoon) return undefined;
  const bound = own.find(({ processes }) => processes.length > 0);
  return no(
    `${bound === undefined ? "a socket" : namesOf(bound)} is bound to ${name} and does not listen: ECONNREFUSED`,
    `unsock wait ${name}`,
  );
}

/** Returns the verdict on a server that the client misses: it has no link, or another address, place or protocol. */
function misplaced(facts: PortFacts): Verdict | undefined {
  const { files, answers, port, others } = facts;
  const asked = port.address ?? answers[0]?.address ?? "";
  const own = files.filter(({ state, kind, address }) =>
    state === "alive" && kind === port.kind && address !== undefined
  );
  const lost = own.find((file) => servesAddress(file, asked));
  if (lost !== undefined) return unnamed(lost, port);
  const [server] = own;
  if (server?.address !== undefined) return atOtherAddress(server, server.address, asked, port);
  const other = others.find(({ mayConnect }) => mayConnect);
  if (other !== undefined) return atOtherPlace(other, facts);
  const twin = files.find(({ state, kind }) => state === "alive" && kind !== port.kind);
  if (twin === undefined) return undefined;
  const [has, lacks] = port.kind === "stream" ? ["UDP", "TCP"] : ["TCP", "UDP"];
  const words = `${port.number}${port.kind === "stream" ? "/udp" : ""}`;
  return no(
    `${namesOf(twin)} serves ${port.number} by ${has}, not by ${lacks}: ECONNREFUSED`,
    `unsock doctor ${words}`,
  );
}

function wildcardFor(address: string): string {
  return address.includes(":") ? "::" : "0.0.0.0";
}

function servesAddress({ address, forBoth }: PortFile, asked: string): boolean {
  return address === asked || address === wildcardFor(asked) || forBoth;
}

/** Returns the verdict on a live server whose port link was removed or replaced. Clients find a server by this link. */
function unnamed(server: PortFile, port: AddressedPort): Verdict {
  const name = `${port.number}${port.kind === "stream" ? "" : ".dgram"}.sock`;
  const place = server.own.replace(/[^/]*$/, name);
  return no(
    `${namesOf(server)} serves ${
      at(server.address ?? "", port)
    }, but clients do not find it: ${place} was removed or replaced: ECONNREFUSED`,
    "start the server again",
  );
}

function atOtherAddress(server: PortFile, address: string, asked: string, port: AddressedPort): Verdict {
  return no(
    `${namesOf(server)} serves ${at(address, port)}, not ${asked}: ECONNREFUSED`,
    `connect to ${address}, or let the server bind ${wildcardFor(asked)}`,
  );
}

/** The option of `run` for each setting that may leave a port out. */
const OPTIONS: Readonly<Record<string, string>> = { UNSOCK_PORT: "--port", UNSOCK_ADDR: "--addr" };

function atOtherPlace(server: OtherServer, { name, port, directory, answers }: PortFacts): Verdict {
  const { place, name: who, where, leftOutBy } = server;
  switch (place) {
    case "directory":
      return no(`nobody serves ${name} in ${directory}, but in ${where}: ECONNREFUSED`, `use --dir ${where}`);
    case "root":
      return no(
        `${who} serves ${name} in ${where} of another root, as of a container: ECONNREFUSED`,
        `mount ${directory} there under the same path`,
      );
    case "network": {
      if (leftOutBy === undefined) {
        return no(
          `${who} listens on the real network, not under unsock: ECONNREFUSED`,
          "start the server by unsock run, or the client without it",
        );
      }
      const { variable, value } = leftOutBy;
      const option = OPTIONS[variable];
      const missing = option === "--port" ? port.number : answers[0]?.address ?? "";
      return no(
        `${who} is under unsock, but listens on the real network, as its ${variable}=${value} leaves ${
          option === "--port" ? "the port" : "it"
        } out: ECONNREFUSED`,
        option === undefined
          ? `start the server without ${variable}`
          : `start the server with ${option} ${value},${missing}`,
      );
    }
  }
}

function nobody({ name, port, directory, files, exists, cannotHold, others }: PortFacts): Verdict {
  const stale = files.find(({ state, kind }) => state === "stale" && kind === port.kind);
  if (stale !== undefined) {
    return no(
      `the server of ${name} was killed and left ${stale.file}: ECONNREFUSED`,
      "start it again, or remove the file: unsock prune",
    );
  }
  if (cannotHold !== undefined) {
    return no(
      `nobody serves ${name}, and no server can here: ${cannotHold.text}`,
      cannotHold.advice ?? "a client needs the same --dir as the server",
    );
  }
  const server = `unsock run --dir ${directory} -- SERVER`;
  if (!exists) {
    return no(`nobody serves ${name}: ${directory} does not exist: ECONNREFUSED`, `start a server: ${server}`);
  }
  const [other] = others;
  const closed = other === undefined ? "" : ` (one in ${other.where} does, to which you may not connect)`;
  return no(`nobody serves ${name} in ${directory}${closed}: ECONNREFUSED`, `start a server: ${server}`);
}
