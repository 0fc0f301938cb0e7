/**
 * Decides whether a client of this user, in this shell, gets an answer at a port, or why not and what to type. Pure:
 * facts about the port go in, one sentence comes out.
 */
import type { AddressedPort } from "../run/ports.ts";

/** The library's answer about one address that a client may connect to. */
export interface AddressAnswer {
  readonly address: string;
  /** Whether `UNSOCK_ADDR` and `UNSOCK_PORT` cover it; if not, which of the two excludes it. */
  readonly covered: "yes" | "address" | "port";
  /** `soon`: a socket is bound and does not listen. */
  readonly answer: "ready" | "soon" | "nobody";
  /** The file that a client connects to. */
  readonly file: string;
  /** Whether this user may write to that file, which a connect needs. */
  readonly mayConnect: boolean;
}

/** One file of the port in the directory. */
export interface PortFile {
  readonly file: string;
  readonly state: "alive" | "stale" | "control" | "invalid" | "unknown" | "waiting";
  /** The address that a socket is bound to, where that is known. */
  readonly address: string | undefined;
  /** The target of a control file, or its error. */
  readonly target: string | undefined;
  /** Processes that have the socket: `nginx[12]`. */
  readonly processes: readonly string[];
  /** `alice's, mode 0600` */
  readonly rights: string;
}

/** All facts that the verdict depends on. */
export interface PortFacts {
  readonly port: AddressedPort;
  /** The port as the user writes it: `8000`, `53@127.0.0.2/udp`. */
  readonly name: string;
  readonly directory: string;
  /** The first problem that stops every client and server here, with the fix. */
  readonly blocked: Verdict | undefined;
  /** The reason why no server can make its socket in the directory. */
  readonly cannotHold: string | undefined;
  /** The values of `UNSOCK_PORT` and `UNSOCK_ADDR` in effect. */
  readonly settings: { readonly port: string | undefined; readonly addr: string };
  /** In the order in which a client tries the addresses: those of `localhost` if the user named none. */
  readonly answers: readonly AddressAnswer[];
  readonly files: readonly PortFile[];
  /** Listeners on real TCP or UDP: `8000 (python3[12])`. */
  readonly onNetwork: readonly string[];
  /** Other directories with a server of the port. */
  readonly elsewhere: readonly string[];
}

/** One sentence, and the command to type. */
export interface Verdict {
  readonly answered: boolean;
  readonly text: string;
  readonly advice?: string;
}

const no = (text: string, advice: string): Verdict => ({ answered: false, text, advice });

/** @returns The verdict. */
export function judgePort(facts: PortFacts): Verdict {
  return facts.blocked ?? notCovered(facts) ?? answered(facts) ?? refused(facts);
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

function answered({ answers, files, port }: PortFacts): Verdict | undefined {
  const first = answers.find(({ answer, covered, mayConnect }) =>
    answer === "ready" && covered === "yes" && mayConnect
  );
  if (first === undefined) return undefined;
  const who = nameOf(files.find(({ file }) => file === first.file) ?? (files.length === 1 ? files[0] : undefined));
  // A client of "localhost" tries both addresses, but a client of the first one alone is refused: the sentence says so.
  const [tried] = answers;
  const not = tried === undefined || tried === first ? "" : `; a client of ${at(tried.address, port)} is not`;
  return { answered: true, text: `a client of ${at(first.address, port)} is answered${who}${not}` };
}

function at(address: string, { number, kind }: AddressedPort): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${host}:${number}${kind === "datagram" ? "/udp" : ""}`;
}

function nameOf(file: PortFile | undefined): string {
  if (file === undefined) return "";
  if (file.target !== undefined) return `, by the control file ${file.file} (${file.target})`;
  return file.processes.length === 0 ? "" : ` by ${file.processes.join(" ")}`;
}

/** Returns the first reason that applies: those in the port's own files come first. */
function refused(facts: PortFacts): Verdict {
  const { files, name, answers } = facts;
  const damaged = files.find(({ state }) => state === "invalid");
  if (damaged !== undefined) {
    return no(
      `${damaged.file} is no control file and no socket (${damaged.target}): servers and clients fail with EINVAL`,
      `remove it: rm ${damaged.file}`,
    );
  }
  const closed = answers.find(({ answer, mayConnect }) => answer !== "nobody" && !mayConnect);
  if (closed !== undefined) {
    const file = files.find((one) => one.file === closed.file);
    return no(
      `you may not connect to ${closed.file} (${file?.rights ?? "another user's"}): EACCES`,
      "start the server with --mode 660 and a --group that you are in, or --mode 666",
    );
  }
  if (answers.some(({ answer }) => answer === "soon")) {
    const bound = files.find(({ processes }) => processes.length > 0);
    return no(
      `${bound?.processes.join(" ") ?? "a socket"} is bound to ${name} and does not listen: ECONNREFUSED`,
      `unsock wait ${name}`,
    );
  }
  return ofOthers(facts) ?? nobody(facts);
}

function ofOthers({ files, answers, port }: PortFacts): Verdict | undefined {
  const control = files.find(({ state }) => state === "control");
  if (control !== undefined) {
    return no(
      `${control.file} forwards to ${control.target}, where nobody listens: ECONNREFUSED`,
      `start the server there; "unsock show-control ${control.file}" prints each field`,
    );
  }
  const other = files.find(({ state, address }) => state === "alive" && address !== undefined);
  if (other?.address === undefined) return undefined;
  const asked = port.address ?? answers[0]?.address ?? "";
  const wildcard = asked.includes(":") ? "::" : "0.0.0.0";
  return no(
    `${other.processes.join(" ") || "a server"} serves ${at(other.address, port)}, not ${asked}: ECONNREFUSED`,
    `connect to ${other.address}, or let the server bind ${wildcard}`,
  );
}

function nobody({ name, directory, files, onNetwork, elsewhere, cannotHold }: PortFacts): Verdict {
  const [tcp] = onNetwork;
  if (tcp !== undefined) {
    return no(
      `${tcp} listens on the real network, not under unsock: ECONNREFUSED`,
      "start the server by unsock run, or the client without it",
    );
  }
  const [other] = elsewhere;
  if (other !== undefined) {
    return no(`nobody serves ${name} in ${directory}, but in ${other}: ECONNREFUSED`, `use --dir ${other}`);
  }
  const stale = files.find(({ state }) => state === "stale");
  if (stale !== undefined) {
    return no(
      `the server of ${name} was killed and left ${stale.file}: ECONNREFUSED`,
      "start it again, or remove the file: unsock prune",
    );
  }
  if (cannotHold !== undefined) {
    return no(
      `nobody serves ${name}, and no server can here: ${cannotHold}`,
      "a client needs the same --dir as the server",
    );
  }
  return no(
    `nobody serves ${name} in ${directory}: ECONNREFUSED`,
    `start a server: unsock run --dir ${directory} -- SERVER`,
  );
}
