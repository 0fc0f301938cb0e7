/** Collects the facts for the verdict of `doctor PORT`. The library reads the settings as it does in a client. */
import { type Answer, type Library, VERSION_QUESTION } from "../library/query.ts";
import { mayAccess } from "../library/access.ts";
import { type AddressedPort, formatPort } from "../run/ports.ts";
import {
  type CheckedDirectory,
  DIRECTORY_QUESTION,
  HOLDS_QUESTION,
  MAY_BIND_QUESTION,
  type PlaceOptions,
  type RunSettings,
  SETTINGS_QUESTION,
} from "../run/run_settings.ts";
import type { SocketFile } from "../sockets/socket_files.ts";
import { namesQuestion } from "../sockets/socket_names.ts";
import { SOCKETS_QUESTION } from "../sockets/unix_sockets.ts";
import type { Context } from "../system/context.ts";
import { statOrUndefined } from "../system/files.ts";
import { printable } from "../system/text.ts";
import { rightsOf } from "../system/users.ts";
import { VERSION } from "../system/version.ts";
import { type ClientAnswer, clientQuestion } from "./client_question.ts";
import { listPortFiles } from "./diagnosis_ports.ts";
import { type DirectoryAnswers, missingFinding } from "./directory_findings.ts";
import { whyNot } from "./finding.ts";
import { findOthers } from "./other_servers.ts";
import type { AddressAnswer, PortFacts, PortFile, Verdict } from "./port_verdict.ts";
import { stateOfProcess } from "./process_state.ts";

const [W_OK, X_OK] = [2, 1];
/**
 * The addresses that "localhost" stands for. 127.0.0.1 comes first, since most programs name it directly. A client of
 * "localhost" may try `::1` first: its resolver decides.
 */
const LOCALHOST = ["127.0.0.1", "::1"] as const;

/** The library's answers about a port. Each is a function that returns the answer, or throws the reason. */
export interface PortAnswers extends DirectoryAnswers {
  readonly settings: Answer<RunSettings>;
  readonly mayBind: Answer<true>;
  readonly version: Answer<string>;
  /** An answer for each address: for the one that the user named, or else for those of `LOCALHOST`, in order. */
  readonly clients: readonly { readonly address: string; readonly answer: Answer<ClientAnswer> }[];
}

/**
 * Asks all questions for the findings and the verdict, in one start of the library.
 *
 * @throws {UnsockError} When the library cannot be started, or `place` cannot be read.
 */
export function askAboutPort(port: AddressedPort, library: Library, place: PlaceOptions): PortAnswers {
  const addresses = port.address === undefined ? LOCALHOST : [port.address];
  const [directory, holds, names, sockets, settings, mayBind, version, ...clients] = library.askAll([
    DIRECTORY_QUESTION,
    HOLDS_QUESTION,
    namesQuestion(port.number),
    SOCKETS_QUESTION,
    SETTINGS_QUESTION,
    MAY_BIND_QUESTION,
    VERSION_QUESTION,
    ...addresses.map((address) => clientQuestion(port, address)),
  ], place);
  const answers = clients.map((answer, index) => ({ address: addresses[index] ?? "", answer }));
  return { directory, holds, names, sockets, settings, mayBind, version, clients: answers };
}

/** @returns All facts that the verdict depends on. */
export function factsOfPort(port: AddressedPort, asked: PortAnswers, library: Library, context: Context): PortFacts {
  const directory = asked.directory();
  const blocked = whatBlocks(asked, directory, library, context);
  const [names, sockets] = [asked.names, asked.sockets()];
  const answers = blocked === undefined ? asked.clients.map((client) => readClient(client, library)) : [];
  return {
    port,
    name: formatPort(port),
    directory: directory.path,
    blocked,
    exists: directory.exists,
    cannotHold: whyNoServer(directory, asked, library),
    settings: blocked === undefined ? settingsOf(asked.settings()) : { port: undefined, addr: "" },
    shellIsUnder: /(^|[\s:/])libunsock[^\s:/]*\.so([\s:]|$)/.test(context.environ.get("LD_PRELOAD") ?? ""),
    answers,
    files: listPortFiles(directory, { library, names, sockets, port }).map(factsOfFile),
    others: findOthers(directory.path, port, answers.map(({ address }) => address), sockets, library),
  };
}

function whyNoServer(
  directory: CheckedDirectory,
  { holds }: PortAnswers,
  library: Library,
): PortFacts["cannotHold"] {
  if (directory.exists) {
    const text = whyNot(holds);
    return text === undefined ? undefined : { text };
  }
  const { level, text, advice } = missingFinding(directory.path, library);
  return level === "ok" ? undefined : { text, ...advice === undefined ? {} : { advice } };
}

function factsOfFile(file: SocketFile): PortFile {
  return {
    ...file,
    address: file.address?.text,
    forBoth: file.address?.forBoth === true,
    processes: file.processes.map(({ pid, name }) => ({
      name: printable(`${name}[${pid}]`),
      pid,
      ...stateOfProcess(pid),
    })),
    rights: rightsOf(file),
  };
}

function settingsOf({ variables }: RunSettings): PortFacts["settings"] {
  return { port: variables.get("UNSOCK_PORT") || undefined, addr: variables.get("UNSOCK_ADDR") ?? "" };
}

function whatBlocks(
  { settings, mayBind, version }: PortAnswers,
  directory: CheckedDirectory,
  library: Library,
  { environ }: Context,
): Verdict | undefined {
  const no = (text: string, advice: string): Verdict => ({ answered: false, text, advice });
  if (environ.getFilled("UNSOCK_OFF") === "1") {
    return no("UNSOCK_OFF=1: a client goes to the real network", "unset UNSOCK_OFF");
  }
  const unread = whyNot(settings);
  if (unread !== undefined) return no(...unreadSetting(unread));
  if (version() !== VERSION) {
    return no(
      `library ${library.file} is version ${version()}, not ${VERSION}`,
      "use its own: unsock install, or --lib",
    );
  }
  const forbidden = whyNot(mayBind);
  if (forbidden !== undefined) return no(forbidden, "allow AF_UNIX sockets in this sandbox");
  if (directory.problem !== undefined) return no(directory.problem, "unsock run fails with the same message");
  const status = statOrUndefined(directory.path);
  if (status !== undefined && !mayAccess(library, directory.path, X_OK)) {
    return no(
      `you may not enter ${directory.path} (${rightsOf(status)}): EACCES`,
      "start the server with a --group that you are in, or name your own directory with --dir",
    );
  }
  return undefined;
}

/** @returns The verdict's text and advice for a setting that cannot be read. */
export function unreadSetting(why: string): [text: string, advice: string] {
  const advice = why.startsWith("--") ? "correct the option" : "correct the variable, or unset it";
  return [`settings: ${why}: no program starts`, advice];
}

function readClient({ address, answer }: PortAnswers["clients"][number], library: Library): AddressAnswer {
  const given = answer();
  const isSocket = statOrUndefined(given.file)?.isSocket() === true;
  return { address, ...given, mayConnect: !isSocket || mayAccess(library, given.file, W_OK) };
}
