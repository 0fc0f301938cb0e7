/** Finds files that a systemd service could not reach, before the service is started. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import type { ProgramStep } from "../run/program.ts";
import { userMayAccess } from "../library/access.ts";
import { orUndefined, statOrUndefined } from "../system/files.ts";
import { printable } from "../system/text.ts";
import { hiddenBy, runtimeDirectory, type Service } from "./unit_files.ts";

const READ = 4;
const WRITE = 2;
const EXECUTE = 1;

/** A file that a service needs, and the advice if the service cannot use it. */
interface Needed {
  readonly what: "program" | "library" | "directory";
  readonly file: string;
  readonly rights: number;
  readonly verb: string;
  readonly advice: string;
}

/**
 * Finds each file (program, library or directory) that the service cannot use: the unit hides the file, or the
 * service's user cannot access it. Checks access only if this process may take that user's rights.
 *
 * @param steps The programs that the command starts.
 * @param group Number of the service's group, or undefined for the user's own group.
 * @returns A line for each file that the service cannot use.
 */
export function unreachable(
  service: Service,
  steps: readonly ProgramStep[],
  group: number | undefined,
): string[] {
  return needed(service, steps).flatMap(({ what, file, rights, verb, advice }) => {
    const hidden = hiddenBy(realPath(file));
    if (hidden === undefined && (userMayAccess(service.user, group, file, rights) ?? true)) return [];
    const who = service.user === undefined ? "the service's user" : `user ${service.user}`;
    const why = hidden !== undefined
      ? `${hidden} hides it from the service`
      : statOrUndefined(file) === undefined
      ? "does not exist"
      : `${who} cannot ${verb} it`;
    return [printable(`unit: ${what} ${file}: ${why}: ${advice}`)];
  });
}

function needed(service: Service, steps: readonly ProgramStep[]): Needed[] {
  const programs = steps.map(({ file, door }): Needed => ({
    what: "program",
    file,
    // If the library is preloaded, only the kernel reads the program's file: the user needs no right to read it.
    rights: door === "preload" ? EXECUTE : READ | EXECUTE,
    verb: "execute",
    advice: "write one that every user may execute, such as the system's in /usr/bin",
  }));
  const library: Needed = {
    what: "library",
    file: service.library,
    rights: READ | EXECUTE,
    verb: "execute",
    advice: `sudo "$(command -v unsock)" install installs one for every user, or name one with --lib`,
  };
  return [...programs, library, ...neededDirectory(service)];
}

/** Returns the directory; nothing if systemd makes it, as below `/run`, or in any place if there is a socket unit. */
function neededDirectory(service: Service): Needed[] {
  if (runtimeDirectory(service) !== undefined || service.sockets.length > 0) return [];
  const owner = service.user === undefined ? "" : `-o ${service.user} `;
  const group = service.group === undefined ? "" : `-g ${service.group} `;
  return [{
    what: "directory",
    file: service.directory,
    rights: WRITE | EXECUTE,
    verb: "make files in",
    advice: `make it first, install -d ${owner}${group}-m ${service.directoryMode} ${service.directory}`,
  }];
}

/** Resolves links: the unit may hide a directory to which a link points. Keeps the links of a path without a file. */
function realPath(file: string): string {
  return orUndefined(() => fs.realpathSync(file)) ?? path.normalize(file);
}
