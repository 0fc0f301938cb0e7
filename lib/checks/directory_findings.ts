/** The checks of `unsock doctor`: the directory, and the listeners in it. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import type { Answer, Library } from "../library/query.ts";
import { mayAccess } from "../library/access.ts";
import type { AddressedPort } from "../run/ports.ts";
import { type CheckedDirectory, DIRECTORY_QUESTION, HOLDS_QUESTION, type PlaceOptions } from "../run/run_settings.ts";
import { namesQuestion, type SocketName } from "../sockets/socket_names.ts";
import { SOCKETS_QUESTION, type UnixSocketEntry } from "../sockets/unix_sockets.ts";
import { reason } from "../system/errors.ts";
import { existingAbove, lstatOrUndefined, statOrUndefined } from "../system/files.ts";
import { effectiveUser, isKnownHere, rightsOf } from "../system/users.ts";
import { portFindings } from "./diagnosis_ports.ts";
import { bad, type Finding, note, ok, whyNot } from "./finding.ts";

const { W_OK, X_OK } = fs.constants;

/** The library's answers about a directory. Each is a function that returns the answer, or throws the reason. */
export interface DirectoryAnswers {
  readonly directory: Answer<CheckedDirectory>;
  /** Throws the reason why the directory cannot hold sockets. */
  readonly holds: Answer<true>;
  readonly names: Answer<SocketName[]>;
  readonly sockets: Answer<UnixSocketEntry[]>;
}

const DIRECTORY_QUESTIONS = [DIRECTORY_QUESTION, HOLDS_QUESTION, namesQuestion(), SOCKETS_QUESTION] as const;

export function directoryFindings(library: Library | string, place: PlaceOptions): Finding[] {
  if (typeof library === "string") return [bad("directory", `directory: ${library}`)];
  try {
    const [directory, holds, names, sockets] = library.askAll(DIRECTORY_QUESTIONS, place);
    return findingsIn({ directory, holds, names, sockets }, library);
  } catch (error) {
    return [bad("directory", `directory: ${reason(error)}`)];
  }
}

/** @throws {UnsockError} When the directory's setting or the list of sockets cannot be read. */
export function findingsIn(
  { directory, holds, names, sockets }: DirectoryAnswers,
  library: Library,
  port?: AddressedPort,
): Finding[] {
  const chosen = directory();
  return [
    directoryFinding(chosen, library, holds),
    ...portFindings(chosen, { library, names, sockets: sockets(), port }),
  ];
}

function directoryFinding(directory: CheckedDirectory, library: Library, holds: Answer<true>): Finding {
  const status = statOrUndefined(directory.path);
  if (directory.problem !== undefined) return bad("directory", directory.problem);
  if (status === undefined) return missingFinding(directory.path, library);
  const cannotHold = whyNot(holds);
  if (cannotHold !== undefined) {
    return bad("directory", cannotHold, "servers need another --dir; clients can connect in this one");
  }
  const rights = rightsOf(status);
  if ((status.mode & 0o022) !== 0) {
    return note(
      "directory",
      `directory ${directory.path}: ${rights}`,
      "anyone with write permission can answer in place of a server",
    );
  }
  const isOurs = status.uid === effectiveUser() && isKnownHere(status.uid);
  const shown = isOurs ? rights.replace(/^[^,]*/, "yours") : rights;
  if (mayAccess(library, directory.path, W_OK | X_OK)) {
    return ok("directory", `directory ${directory.path}: ${shown}`);
  }
  const text = `directory ${directory.path}: ${shown}: you may not write to it`;
  return isOurs
    ? bad("directory", text, `no server can make its socket there: chmod u+rwx ${directory.path}, or another --dir`)
    : note(
      "directory",
      text,
      "clients may connect to files whose mode lets them; servers need another --dir",
    );
}

/** Reports a missing directory. `run` makes the directory, but not its parents (`c/process/run_directory.c`). */
export function missingFinding(directory: string, library: Library): Finding {
  const parent = path.dirname(directory);
  const text = `directory ${directory}: cannot be made`;
  if (lstatOrUndefined(directory) !== undefined) return bad("directory", `${text}: it is a dangling link`);
  if (mayAccess(library, parent, W_OK | X_OK)) {
    return ok("directory", `directory ${directory}: will be made, for you alone`);
  }
  if (statOrUndefined(parent) === undefined && mayAccess(library, existingAbove(parent), X_OK)) {
    return bad(
      "directory",
      `${text}: ${parent} does not exist`,
      `make it first, mkdir -p ${parent}, or name another with --dir`,
    );
  }
  const advice = `name another with --dir, or let root make it, install -d -o ${effectiveUser()} -m 700 ${directory}`;
  return bad("directory", `${text}: you may not make it in ${parent}`, advice);
}
