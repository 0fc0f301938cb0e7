/** Finds `libunsock.so`; the compiled binary unpacks the one it carries when there is no other. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../system/files.ts";
import type { Environ } from "../system/environ.ts";
import { reason, ShimError } from "../system/errors.ts";
import { cString, openLibc, openRunner, textOf } from "../system/ffi.ts";
import type { System } from "../system/linux.ts";
import { strangersHand } from "./trusted_file.ts";

const NAME = "libunsock.so";

/** Where this source tree puts what it builds; in a compiled binary, what it carries. */
const BUILT = path.join(import.meta.dirname ?? ".", "..", "..", "build", NAME);

/**
 * Finds the library: `--lib`, `UNSOCK_LIB`, else {@linkcode findOwnShim}'s. One that is named is proved first.
 *
 * @param option The value of `--lib`.
 * @returns An absolute path that `LD_PRELOAD` can hold.
 * @throws {ShimError} When there is none, or the one named is not fit.
 */
export async function findShim(option: string | undefined, environ: Environ, system: System): Promise<string> {
  const file = await findOwnShim(option, environ, system);
  const named = option ?? environ.getFilled("UNSOCK_LIB");
  return checkShim(named === undefined ? file : path.resolve(named), file);
}

/**
 * Finds the library that this command line does its own work by: beside the executable, in `../lib`, in the source tree,
 * `/usr/local/lib`, the copy in the binary. One that somebody other than root and the user could have written is passed
 * over.
 *
 * @param option The value of `--lib`, which counts, as `UNSOCK_LIB` does, only where there is no other.
 * @returns An absolute path.
 * @throws {ShimError} When there is none.
 */
export async function findOwnShim(option: string | undefined, environ: Environ, system: System): Promise<string> {
  const places = defaultPlaces();
  const there = places.filter(exists);
  const found = there.find((file) => distrust(file, system) === undefined);
  if (found !== undefined) return checkOwn(found, system);
  if (Deno.build.standalone) return checkOwn(await unpackShim(environ, system), system);
  const named = option ?? environ.getFilled("UNSOCK_LIB");
  if (named !== undefined) return checkOwn(path.resolve(named), system);
  if (there[0] !== undefined) return checkOwn(there[0], system);
  throw new ShimError(`library ${NAME}: not found in ${places.map(path.dirname).join(", ")}: run "deno task build"`);
}

function defaultPlaces(): string[] {
  const places: string[] = [];
  if (Deno.build.standalone) {
    const directory = path.dirname(Deno.execPath());
    places.push(path.join(directory, NAME), path.join(directory, "..", "lib", NAME));
  } else {
    places.push(BUILT);
  }
  places.push(`/usr/local/lib/${NAME}`);
  return places;
}

function exists(file: string): boolean {
  return statOrUndefined(file)?.isFile === true;
}

/** @returns Why it must not be loaded, or undefined: nobody but root and the user could have written it. */
function distrust(file: string, system: System): string | undefined {
  try {
    return strangersHand(file, system.euid);
  } catch (error) {
    return reason(error);
  }
}

/** The library that is opened proves the one that is preloaded: without running any of that. */
function checkShim(file: string, own: string): string {
  const error = new Uint8Array(16_384);
  const result = openRunner(own).unsock_check_library(cString(file), error, BigInt(error.length));
  if (result < 0) throw new ShimError(textOf(error));
  return file;
}

/** What is to be opened here has nobody else to prove it: one cut short would end this process by a signal. */
function checkOwn(file: string, system: System): string {
  if (!exists(file)) throw new ShimError(`library ${file}: No such file`);
  const why = distrust(file, system);
  if (why !== undefined) throw new ShimError(`library ${file}: ${why}: use --lib with a copy that only you can write`);
  if (!isWhole(file)) throw new ShimError(`library ${file}: cut short: copy it once more`);
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

/**
 * Writes the carried library into a private directory, under a name that holds its hash, so that a copy from another
 * version is never taken for this one. Whoever could write there could make every command run code of theirs.
 */
async function unpackShim(environ: Environ, system: System): Promise<string> {
  const bytes = Deno.readFileSync(BUILT);
  const hash = await sha256(bytes);
  let problem = "";
  for (const directory of cacheDirectories(environ, system)) {
    try {
      return await unpackInto(directory, bytes, hash, system);
    } catch (error) {
      problem ||= `${directory}: ${reason(error)}`;
    }
  }
  throw new ShimError(`library ${NAME}: cannot be unpacked: ${problem}: put it beside the program or use --lib`);
}

function cacheDirectories(environ: Environ, system: System): string[] {
  const cache = environ.getFilled("XDG_CACHE_HOME");
  const home = environ.getFilled("HOME");
  const runtime = environ.getFilled("XDG_RUNTIME_DIR");
  const directories: string[] = [];
  if (cache?.startsWith("/")) directories.push(path.join(cache, "unsock"));
  else if (home?.startsWith("/")) directories.push(path.join(home, ".cache", "unsock"));
  // For a home that is read-only or does not exist.
  if (runtime?.startsWith("/")) directories.push(path.join(runtime, "unsock-lib"));
  directories.push(`/var/tmp/unsock-${system.euid}`, `/tmp/unsock-lib-${system.euid}`);
  return directories;
}

async function unpackInto(directory: string, bytes: Uint8Array, hash: string, system: System): Promise<string> {
  Deno.mkdirSync(path.dirname(directory), { recursive: true });
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const status = Deno.lstatSync(directory);
  if (!status.isDirectory || status.uid !== system.euid || ((status.mode ?? 0) & 0o077) !== 0) {
    throw new Error("not a private directory (owned by you, mode 0700)");
  }
  const why = distrust(directory, system);
  if (why !== undefined) throw new Error(why);
  const file = path.join(directory, `libunsock-${hash.slice(0, 16)}.so`);
  if (exists(file) && await sha256(Deno.readFileSync(file)) === hash) return file;
  writeAtomically(file, bytes);
  if (await sha256(Deno.readFileSync(file)) !== hash) throw new Error("what was written reads back different");
  return file;
}

const SIGXFSZ = 25;
const SIG_IGN = 1n;

/** A limit to the size of files is to be an error like a full disk, not the end of this process. */
function writeAtomically(file: string, bytes: Uint8Array): void {
  const part = `${file}.${crypto.randomUUID()}`;
  const libc = openLibc();
  const before = libc.signal(SIGXFSZ, SIG_IGN);
  try {
    Deno.writeFileSync(part, bytes, { mode: 0o755, createNew: true });
    Deno.renameSync(part, file);
  } catch (error) {
    try {
      Deno.removeSync(part);
    } catch {
      // It was never made.
    }
    throw error;
  } finally {
    libc.signal(SIGXFSZ, before);
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
