/** What `doctor PORT` has to know for its verdict: asked of the library, which reads settings and directory as a program's would. */
import type { Answer, Library, Question } from "../library/query.ts";
import { mayAccess } from "../run/access.ts";
import { type AddressedPort, formatPort } from "../run/ports.ts";
import { type CheckedDirectory, MAY_BIND_QUESTION, type RunSettings, SETTINGS_QUESTION } from "../run/run_settings.ts";
import type { SocketFile } from "../sockets/socket_files.ts";
import type { Context } from "../system/context.ts";
import { reason } from "../system/errors.ts";
import { statOrUndefined } from "../system/files.ts";
import { userName } from "../system/users.ts";
import { VERSION } from "../system/version.ts";
import type { AddressAnswer, PortFacts, Verdict } from "./port_verdict.ts";

const [W_OK, X_OK] = [2, 1];
const COVERED = ["yes", "address", "port"] as const;
const ANSWERS = ["ready", "soon", "nobody"] as const;
/** Those that a client of "localhost" tries, of which the first is what most programs have written down. */
const LOCALHOST = ["127.0.0.1", "::1"] as const;

const VERSION_QUESTION: Question<string> = { word: "version", read: (answer) => answer.text("version") };

/** What has been found out about the port so far. */
export interface Found {
  readonly port: AddressedPort;
  /** Undefined: it cannot be read which. */
  readonly directory: CheckedDirectory;
  readonly files: readonly SocketFile[];
  readonly onNetwork: readonly string[];
  readonly elsewhere: readonly string[];
}

/** @returns All that the verdict depends on. */
export function factsOfPort(found: Found, library: Library, context: Context, dir: string | undefined): PortFacts {
  const { port, directory } = found;
  const name = formatPort(port);
  const addresses = port.address === undefined ? LOCALHOST : [port.address];
  const questions = [SETTINGS_QUESTION, MAY_BIND_QUESTION, VERSION_QUESTION] as const;
  const [settings, mayBind, version] = library.askAll(questions, { dir });
  const blocked = whatBlocks({ settings, mayBind, version }, directory, library, context);
  return {
    ...found,
    name,
    directory: directory.path,
    blocked,
    settings: blocked === undefined ? settingsOf(settings()) : { port: undefined, addr: "" },
    answers: blocked === undefined ? addresses.map((address) => askClient(address, port, library, dir)) : [],
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

interface Answers {
  readonly settings: Answer<RunSettings>;
  readonly mayBind: Answer<true>;
  readonly version: Answer<string>;
}

/** The first of what stands in the way of every client and server. */
function whatBlocks(
  { settings, mayBind, version }: Answers,
  directory: CheckedDirectory,
  library: Library,
  { environ }: Context,
): Verdict | undefined {
  const no = (text: string, advice: string): Verdict => ({ answered: false, text, advice });
  if (environ.getFilled("UNSOCK_OFF") === "1") {
    return no("UNSOCK_OFF=1: a client goes to the real network", "unset UNSOCK_OFF");
  }
  const unread = whyNot(settings);
  if (unread !== undefined) return no(`settings: ${unread}: no program starts`, "correct the variable, or unset it");
  if (version() !== VERSION) {
    return no(
      `library ${library.file} is version ${version()}, not ${VERSION}`,
      "use its own: unsock install, or --lib",
    );
  }
  const forbidden = whyNot(mayBind);
  if (forbidden !== undefined) return no(forbidden, "allow AF_UNIX sockets in this sandbox");
  if (directory.problem !== undefined) return no(directory.problem, "unsock run says the same, and starts nothing");
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

/** @returns Why the library has no answer, in its own words; undefined: it has one. */
export function whyNot(answer: Answer<unknown>): string | undefined {
  try {
    answer();
    return undefined;
  } catch (error) {
    return reason(error); // the library's own words, which the verdict repeats
  }
}

function askClient(address: string, port: AddressedPort, library: Library, dir: string | undefined): AddressAnswer {
  const answer = library.ask({
    word: `client=${formatPort({ ...port, address })}`,
    read: (fields) => ({
      covered: fields.word("covered", COVERED),
      answer: fields.word("answer", ANSWERS),
      file: fields.text("file"),
    }),
  }, { dir });
  const isSocket = statOrUndefined(answer.file)?.isSocket() === true;
  return { address, ...answer, mayConnect: !isSocket || mayAccess(library, answer.file, W_OK) };
}
