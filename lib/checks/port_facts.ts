/** Collects the facts for the verdict of `doctor PORT`. The library reads settings and directory as in a program. */
import { type Answer, type Library, type Question, VERSION_QUESTION } from "../library/query.ts";
import { mayAccess } from "../run/access.ts";
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
import { namesQuestion, type SocketName } from "../sockets/socket_names.ts";
import { SOCKETS_QUESTION, type UnixSocketEntry } from "../sockets/unix_sockets.ts";
import type { Context } from "../system/context.ts";
import { reason } from "../system/errors.ts";
import { statOrUndefined } from "../system/files.ts";
import { userName } from "../system/users.ts";
import { VERSION } from "../system/version.ts";
import type { AddressAnswer, PortFacts, Verdict } from "./port_verdict.ts";

const [W_OK, X_OK] = [2, 1];
const COVERED = ["yes", "address", "port"] as const;
const ANSWERS = ["ready", "soon", "nobody"] as const;
/** The addresses that a client of "localhost" tries. Most programs use the first literally. */
const LOCALHOST = ["127.0.0.1", "::1"] as const;

/** The library's answer about clients of one address. */
type ClientAnswer = Omit<AddressAnswer, "address" | "mayConnect">;

/** The library's answers about a port, each fetched when called. */
export interface PortAnswers {
  readonly directory: Answer<CheckedDirectory>;
  /** Throws the reason why the directory holds no sockets. */
  readonly holds: Answer<true>;
  readonly names: Answer<SocketName[]>;
  readonly sockets: Answer<UnixSocketEntry[]>;
  readonly settings: Answer<RunSettings>;
  readonly mayBind: Answer<true>;
  readonly version: Answer<string>;
  /** In the order in which a client tries the addresses. */
  readonly clients: readonly { readonly address: string; readonly answer: Answer<ClientAnswer> }[];
}

/**
 * Asks all questions of the findings and the verdict in one start of the library.
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

function clientQuestion(port: AddressedPort, address: string): Question<ClientAnswer> {
  return {
    word: `client=${formatPort({ ...port, address })}`,
    read: (fields) => ({
      covered: fields.word("covered", COVERED),
      answer: fields.word("answer", ANSWERS),
      file: fields.text("file"),
    }),
  };
}

/** The facts about the port found so far. */
export interface Found {
  readonly port: AddressedPort;
  readonly directory: CheckedDirectory;
  readonly files: readonly SocketFile[];
  readonly onNetwork: readonly string[];
  readonly elsewhere: readonly string[];
}

/** @returns All that the verdict depends on. */
export function factsOfPort(found: Found, asked: PortAnswers, library: Library, context: Context): PortFacts {
  const { port, directory } = found;
  const blocked = whatBlocks(asked, directory, library, context);
  return {
    ...found,
    name: formatPort(port),
    directory: directory.path,
    blocked,
    cannotHold: whyNot(asked.holds),
    settings: blocked === undefined ? settingsOf(asked.settings()) : { port: undefined, addr: "" },
    answers: blocked === undefined ? asked.clients.map((client) => readClient(client, library)) : [],
    files: found.files.map((file) => ({
      ...file,
      address: file.address?.text,
      processes: file.processes.map(({ pid, name }) => `${name}[${pid}]`),
      rights: `${userName(file.uid)}'s, mode ${file.mode.toString(8).padStart(4, "0")}`,
    })),
  };
}

function settingsOf({ variables }: RunSettings): PortFacts["settings"] {
  return { port: variables.get("UNSOCK_PORT") || undefined, addr: variables.get("UNSOCK_ADDR") ?? "" };
}

/** Returns the first problem that blocks every client and server. */
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
    const rights = `${userName(status.uid)}'s, mode ${(status.mode & 0o7777).toString(8).padStart(4, "0")}`;
    return no(
      `you may not enter ${directory.path} (${rights}): EACCES`,
      "start the server with a --group that you are in, or name your own directory with --dir",
    );
  }
  return undefined;
}

/** @returns The verdict on a setting that cannot be read. */
export function unreadSetting(why: string): [text: string, advice: string] {
  return [`settings: ${why}: no program starts`, "correct the variable, or unset it"];
}

/** @returns The library's reason for having no answer; undefined: it has one. */
export function whyNot(answer: Answer<unknown>): string | undefined {
  try {
    answer();
    return undefined;
  } catch (error) {
    return reason(error); // the library's own words, which the verdict repeats
  }
}

function readClient({ address, answer }: PortAnswers["clients"][number], library: Library): AddressAnswer {
  const given = answer();
  const isSocket = statOrUndefined(given.file)?.isSocket() === true;
  return { address, ...given, mayConnect: !isSocket || mayAccess(library, given.file, W_OK) };
}
