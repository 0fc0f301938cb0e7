/**
 * Finds the library that this command line does its own work by. Every `run` comes through here: so it imports little.
 */
import { statOrUndefined } from "../system/files.ts";
import { ShimError } from "../system/errors.ts";
import { BUILT, distrust, isMappable, NAME, NOEXEC, type Owner, ROOT, type Variables } from "./shim_place.ts";
import { parentOf } from "./trusted_file.ts";
import { unpackShim } from "./unpack.ts";

/**
 * Finds it: beside the executable, in `../lib`, in the source tree, `/usr/local/lib`, the copy in the binary. One that
 * somebody other than root and the user could have written is passed over, and so is one from which no code can be mapped.
 *
 * @param option The value of `--lib`, which counts, as `UNSOCK_LIB` does, only where there is no other.
 * @returns An absolute path.
 * @throws {ShimError} When there is none.
 */
export async function findOwnShim(option: string | undefined, variable: Variables, system: Owner): Promise<string> {
  const places = defaultPlaces();
  const there = places.filter(exists);
  const named = option ?? variable("UNSOCK_LIB"); // opening one takes that out of this process's environment
  const found = there.find((file) => distrust(file, system) === undefined && !(isWhole(file) && !isMappable(file)));
  if (found !== undefined) return checkOwn(found, system);
  if (Deno.build.standalone) {
    try {
      return await unpackShim(variable, system);
    } catch (error) {
      if (named === undefined) throw error;
    }
  }
  if (named !== undefined) return checkOwn(named.startsWith("/") ? named : `${Deno.cwd()}/${named}`, system);
  if (there[0] !== undefined) return checkOwn(there[0], system);
  throw new ShimError(`library ${NAME}: not found in ${places.map(parentOf).join(", ")}: run "deno task build"`);
}

/** @returns The library that lies where the program expects its own; undefined: a compiled binary has it in itself. */
export function libraryBeside(): string | undefined {
  return placesBeside().find(exists);
}

function placesBeside(): string[] {
  // Beside the tree: of what `install` has made a copy.
  if (!Deno.build.standalone) return [BUILT, `${parentOf(ROOT)}/${NAME}`];
  const directory = parentOf(Deno.execPath());
  return [`${directory}/${NAME}`, `${parentOf(directory)}/lib/${NAME}`];
}

function defaultPlaces(): string[] {
  return [...placesBeside(), `/usr/local/lib/${NAME}`];
}

function exists(file: string): boolean {
  return statOrUndefined(file)?.isFile === true;
}

/** What is to be opened here has nobody else to prove it: one cut short would end this process by a signal. */
function checkOwn(file: string, system: Owner): string {
  if (!exists(file)) throw new ShimError(`library ${file}: No such file`);
  const why = distrust(file, system);
  if (why !== undefined) throw new ShimError(`library ${file}: ${why}: use --lib with a copy that only you can write`);
  if (!isWhole(file)) throw new ShimError(`library ${file}: cut short: copy it once more`);
  if (!isMappable(file)) throw new ShimError(`library ${file}: ${NOEXEC}: use --lib with a copy elsewhere`);
  return file;
}

/** Linkers put the table of sections at an ELF file's end: it is told by the header, from its 40th byte on. */
function isWhole(file: string): boolean {
  const header = new Uint8Array(64);
  using handle = Deno.openSync(file);
  if ((handle.readSync(header) ?? 0) < header.length) return false;
  const view = new DataView(header.buffer);
  const end = Number(view.getBigUint64(40, true)) + view.getUint16(58, true) * view.getUint16(60, true);
  return end <= handle.statSync().size;
}
