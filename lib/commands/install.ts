/** `unsock install`: puts program, library, manual pages and completions in place; `--uninstall` removes them. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { CACHE, ownProgram, type ProgramFile, TREE } from "../install/program.ts";
import { directoriesFor, formatRecord, type Installation, readRecord, RECORD } from "../install/record.ts";
import type { Command } from "../help/command.ts";
import { completionScript } from "../help/completions.ts";
import type { Context } from "../system/context.ts";
import { Library, type Question } from "../library/query.ts";
import { codeOf, reason, UnsockError } from "../system/errors.ts";
import { linkTarget, lstatOrUndefined, statOrUndefined } from "../system/files.ts";
import { commandManual, libraryManual } from "../help/manual.ts";
import type { Shell } from "../system/shell.ts";
import { libraryBeside } from "../library/find.ts";
import { findPreloaded } from "../library/preloaded.ts";
import { NAME } from "../library/place.ts";
import { distrust } from "../library/trust.ts";

interface InstallOptions {
  readonly prefix?: string;
  readonly uninstall?: boolean;
  readonly force?: boolean;
  readonly lib?: string;
}

/** A link to the library. The library runs its own commands, and executes the TypeScript program for all others. */
const FRONT = "bin/unsock";
const LIBRARY = "lib/libunsock.so";
const FRONT_TARGET = path.join("..", LIBRARY);

type Item = ProgramFile | { readonly target: string };

/**
 * Installs all files, or removes them.
 *
 * @param commands All commands, which manual and completions describe.
 * @returns The exit status.
 * @throws {UnsockError} When a file cannot be written or removed, or something else is in its place.
 */
export async function install(
  options: InstallOptions,
  commands: readonly Command[],
  context: Context,
): Promise<number> {
  const prefix = path.resolve(options.prefix ?? "/usr/local");
  const before = readRecord(prefix);
  if (options.uninstall) {
    if (before.files.length === 0) context.print(`nothing of unsock is installed below ${prefix}\n`);
    for (const name of shown(removeAll(prefix, before))) context.print(`removed ${path.join(prefix, name)}\n`);
    return 0;
  }
  await using library = await libraryToInstall(options.lib, context);
  const program = ownProgram();
  const all: Record<string, Item> = { ...items(library.file, commands, context), ...program.files };
  const files = [...Object.keys(all), RECORD];
  if (!options.force) refuseOthers(prefix, files);
  putAllInPlace(prefix, all, before);
  for (const name of shown(files)) context.print(`${path.join(prefix, name)}\n`);
  context.print(
    `${path.join(prefix, FRONT)} is the library, which runs commands itself; all else is done by ${program.what}\n`,
  );
  for (const line of hiddenBehind(path.join(prefix, path.dirname(FRONT)), context.environ.get("PATH") ?? "")) {
    context.print(`${line}\n`);
  }
  return 0;
}

/**
 * Installs all files, and removes files that only the older version has. First writes a record that also names the
 * temporary files, so that a killed installation can be continued or removed.
 */
function putAllInPlace(prefix: string, all: Readonly<Record<string, Item>>, before: Installation): void {
  const files = [...Object.keys(all), RECORD];
  const suffix = `.${crypto.randomUUID()}`;
  const missing = directoriesFor(files).filter((name) => statOrUndefined(path.join(prefix, name)) === undefined);
  const parts = files.map((name) => `${name}${suffix}`);
  const put = (name: string, item: Item) => putInPlace(path.join(prefix, name), item, suffix);
  // Another installation at the same time may have made directories that this one did not find missing. So the new
  // record also names the directories of the existing record.
  const putRecord = (names: readonly string[]) => {
    const directories = [...readRecord(prefix).directories, ...missing];
    const record = new TextEncoder().encode(formatRecord({ files: names, directories }));
    put(RECORD, { mode: 0o644, content: () => record });
  };
  try {
    makeDirectories(prefix, directoriesFor([RECORD]));
    putRecord([...new Set([...before.files, ...files, ...parts])]);
    makeDirectories(prefix, directoriesFor(files));
    for (const [name, item] of Object.entries(all)) put(name, item);
    removeAll(prefix, { files: before.files.filter((file) => !files.includes(file)), directories: [] });
    putRecord(files);
  } catch (error) {
    // If an older version was installed, all files stay, and the next installation continues this one.
    if (before.files.length === 0) removeAll(prefix, { files, directories: missing.toReversed() });
    throw error;
  }
}

/** A library to install. Its disposal removes the private copy, if there is one. */
interface OwnLibrary extends AsyncDisposable {
  readonly file: string;
}

/**
 * Returns the library that `--lib` or `UNSOCK_LIB` names, else the program's own. The program's own library is trusted
 * as much as the program. If another user could change it (`sudo` with a user's build), returns a private copy of it.
 */
async function libraryToInstall(option: string | undefined, { environ }: Context): Promise<OwnLibrary> {
  const named = option ?? environ.getFilled("UNSOCK_LIB");
  const own = named === undefined ? libraryBeside() : undefined;
  if (own === undefined || distrust(own) === undefined) {
    const { file } = findPreloaded(named ?? own, environ);
    return { file, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const stage = fs.mkdtempSync(`${tmpdir()}/unsock-install-`);
  const library = {
    file: path.join(stage, NAME),
    [Symbol.asyncDispose]: () => fs.promises.rm(stage, { recursive: true }),
  };
  try {
    fs.writeFileSync(library.file, fs.readFileSync(own), { mode: 0o755 });
    findPreloaded(library.file, environ);
    return library;
  } catch (error) {
    await library[Symbol.asyncDispose]();
    throw error;
  }
}

/** @returns A line for the user if a shell would not find the program in `bin` by its name; else no line. */
function hiddenBehind(bin: string, search: string): string[] {
  const same = (directory: string) => path.resolve(directory) === bin;
  const places = search.split(":").filter((place) => place !== "");
  if (!places.some(same)) return [`${bin} is not in PATH: export PATH="${bin}:$PATH", in ~/.profile for good`];
  const first = places.find((place) => statOrUndefined(path.join(place, path.basename(FRONT)))?.isFile() === true);
  return first === undefined || same(first) ? [] : [`PATH finds ${path.join(first, path.basename(FRONT))} first`];
}

/** Returns the files to print, with one line for all files of a source copy. */
function shown(files: readonly string[]): string[] {
  return [...new Set(files.map((name) => name.startsWith(`${TREE}/`) ? TREE : name))];
}

const CALLS_QUESTION: Question<string[]> = { word: "calls", read: (answer) => answer.texts("calls") };

function items(library: string, commands: readonly Command[], { environ }: Context): Record<string, Item> {
  const text = (content: () => string): Item => ({ mode: 0o644, content: () => new TextEncoder().encode(content()) });
  const completions = (shell: Shell) => text(() => completionScript(shell, commands));
  return {
    [FRONT]: { target: FRONT_TARGET },
    [LIBRARY]: { mode: 0o755, content: () => fs.readFileSync(library) },
    "share/man/man1/unsock.1": text(() => commandManual(commands)),
    "share/man/man7/libunsock.7": text(() => libraryManual(new Library(library, environ).ask(CALLS_QUESTION))),
    "share/bash-completion/completions/unsock": completions("bash"),
    "share/zsh/site-functions/_unsock": completions("zsh"),
    "share/fish/vendor_completions.d/unsock.fish": completions("fish"),
  };
}

/**
 * Before any change, refuses to replace a file that the record does not name, or to put the link in the place of
 * another program. Reads the record only after it has found a file: another installation at the same time writes its
 * record before its files.
 */
function refuseOthers(prefix: string, files: readonly string[]): void {
  for (const name of files) {
    const file = path.join(prefix, name);
    // The file is missing, or lstat(2) cannot reach it. In the second case putInPlace() fails with the reason.
    if (lstatOrUndefined(file) === undefined) continue;
    const isOurs = readRecord(prefix).files.includes(name) && (name !== FRONT || linkTarget(file) === FRONT_TARGET);
    if (isOurs) continue;
    throw new UnsockError(
      `install ${file}: exists already and was not installed by "unsock install": --force replaces it`,
    );
  }
}

/** Makes the missing directories. The prefix and the directories below it get mode 0755, whatever the umask is. */
function makeDirectories(prefix: string, names: readonly string[]): void {
  for (const name of names) {
    const directory = path.join(prefix, name);
    try {
      if (name === ".") fs.mkdirSync(path.dirname(prefix), { recursive: true });
      fs.mkdirSync(directory);
      fs.chmodSync(directory, 0o755);
    } catch (error) {
      if (codeOf(error) === "EEXIST") continue;
      throw new UnsockError(`install ${directory}: cannot be made: ${reason(error)}`, { cause: error });
    }
  }
}

/**
 * Replaces a file atomically: writes a temporary file, whose name has the suffix, and renames it. If another
 * installation removes the temporary file as a stale one, writes the file once more.
 */
function putInPlace(file: string, item: Item, suffix: string, isAgain = false): void {
  const part = `${file}${suffix}`;
  try {
    if ("target" in item) {
      fs.symlinkSync(item.target, part);
    } else {
      fs.writeFileSync(part, item.content(), { flag: "wx" });
      fs.chmodSync(part, item.mode);
    }
    fs.renameSync(part, file);
  } catch (error) {
    remove(part);
    if (codeOf(error) === "ENOENT" && !isAgain) return putInPlace(file, item, suffix, true);
    throw new UnsockError(`install ${file}: ${reason(error)}`, { cause: error });
  }
}

/** Removes the installed files, the runtime's cache, then empty directories. Returns the files that it removed. */
function removeAll(prefix: string, { files, directories }: Installation): string[] {
  // The record is the last file to be removed, so that a failed removal can be repeated.
  const inOrder = files.toSorted((one, other) => Number(one === RECORD) - Number(other === RECORD));
  const removed = inOrder.filter((name) => remove(path.join(prefix, name)));
  for (const name of directories) {
    const directory = path.join(prefix, name);
    try {
      if (name === CACHE) fs.rmSync(directory, { recursive: true });
      else fs.rmdirSync(directory);
    } catch {
      // The directory is gone; or it stays, since it has files that "unsock install" did not make.
    }
  }
  return removed;
}

function remove(file: string): boolean {
  try {
    fs.unlinkSync(file);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return false;
    throw new UnsockError(`uninstall ${file}: ${reason(error)}`, { cause: error });
  }
}
