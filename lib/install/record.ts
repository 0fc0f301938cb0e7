/**
 * Records the files installed below a prefix. `--uninstall` removes exactly these files; without `--force`, no other
 * file is overwritten. The record is written before the first file, so that an interrupted installation can be
 * continued or removed.
 */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import { UnsockError } from "../system/errors.ts";
import { statOrUndefined } from "../system/files.ts";

/** The record's path below the prefix. `packaging/install.sh` reads and writes the same file. */
export const RECORD = "share/unsock/installed";

const FILE = "f ";
const DIRECTORY = "d ";

/** The paths of an installation, relative to its prefix. */
export interface Installation {
  readonly files: readonly string[];
  /** Directories made for the files; "." is the prefix itself. */
  readonly directories: readonly string[];
}

function leavesPrefix(name: string): boolean {
  return path.isAbsolute(name) || name.split("/").includes("..");
}

/**
 * @param prefix The prefix of an installation, which need not exist.
 * @returns The record, which is empty if there is none.
 * @throws {UnsockError} If the record names a path outside the prefix.
 */
export function readRecord(prefix: string): Installation {
  const file = path.join(prefix, RECORD);
  const lines = statOrUndefined(file) === undefined ? [] : fs.readFileSync(file, "utf8").split("\n");
  const of = (kind: string) => lines.filter((line) => line.startsWith(kind)).map((line) => line.slice(kind.length));
  const outside = [...of(FILE), ...of(DIRECTORY)].find(leavesPrefix);
  if (outside !== undefined) {
    throw new UnsockError(`install ${file}: names "${outside}", which is outside ${prefix}: remove that line first`);
  }
  return { files: of(FILE), directories: of(DIRECTORY) };
}

/** @returns The record's text: the files, then the directories, each directory before its parent. */
export function formatRecord({ files, directories }: Installation): string {
  const lines = [
    ...files.toSorted().map((file) => `${FILE}${file}`),
    ...[...new Set(directories)].toSorted().reverse().map((directory) => `${DIRECTORY}${directory}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Returns all directories of these files below the prefix, each after its parent. "." is the prefix itself. */
export function directoriesFor(files: readonly string[]): string[] {
  const found = new Set<string>(["."]);
  for (const file of files) {
    for (let at = path.dirname(file); at !== "."; at = path.dirname(at)) found.add(at);
  }
  return [...found].toSorted();
}
