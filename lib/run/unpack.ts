/** The compiled binary unpacks the library that it carries, where there is no other. */
import { lstatOrUndefined, statOrUndefined } from "../system/files.ts";
import { reason, ShimError } from "../system/errors.ts";
import { openLibc } from "../system/ffi.ts";
import { BUILT, distrust, isMappable, NAME, NOEXEC, type Owner, type Variables } from "./shim_place.ts";
import { parentOf } from "./trusted_file.ts";

/**
 * Writes the carried library into a private directory, under a name that holds its hash, so that a copy from another
 * version is never taken for this one. Whoever could write there could make every command run code of theirs.
 *
 * @returns Its path: whole, in nobody else's hands, and opened.
 */
export function unpackShim(variable: Variables, system: Owner): string {
  const bytes = Deno.readFileSync(BUILT);
  const hash = Deno.readTextFileSync(`${BUILT}.sha256`);
  let problem = "";
  for (const directory of cacheDirectories(variable, system)) {
    try {
      return unpackInto(directory, bytes, hash, system);
    } catch (error) {
      problem ||= `${directory}: ${reason(error)}`;
    }
  }
  throw new ShimError(`library ${NAME}: cannot be unpacked: ${problem}: put it beside the program or use --lib`);
}

function cacheDirectories(variable: Variables, system: Owner): string[] {
  const cache = variable("XDG_CACHE_HOME");
  const home = variable("HOME");
  const runtime = variable("XDG_RUNTIME_DIR");
  const directories: string[] = [];
  if (cache?.startsWith("/")) directories.push(`${cache}/unsock`);
  else if (home?.startsWith("/")) directories.push(`${home}/.cache/unsock`);
  // For a home that is read-only or does not exist.
  if (runtime?.startsWith("/")) directories.push(`${runtime}/unsock-lib`);
  directories.push(`/var/tmp/unsock-${system.euid}`, `/tmp/unsock-lib-${system.euid}`);
  return directories;
}

function unpackInto(directory: string, bytes: Uint8Array<ArrayBuffer>, hash: string, system: Owner): string {
  if (statOrUndefined(directory) === undefined) makeDirectory(directory);
  const status = Deno.lstatSync(directory);
  if (!status.isDirectory || status.uid !== system.euid || ((status.mode ?? 0) & 0o077) !== 0) {
    throw new Error("not a private directory (owned by you, mode 0700)");
  }
  const why = distrust(directory, system);
  if (why !== undefined) throw new Error(why);
  const file = `${directory}/libunsock-${hash.slice(0, 16)}.so`;
  // Itself, and not behind a link: what it is, nobody else can have made in a private directory.
  const isThere = lstatOrUndefined(file)?.isFile === true && isSame(Deno.readFileSync(file), bytes);
  if (!isThere) {
    writeAtomically(file, bytes);
    if (!isSame(Deno.readFileSync(file), bytes)) throw new Error("what was written reads back different");
  }
  if (isMappable(file)) return file;
  if (!isThere) Deno.removeSync(file);
  throw new Error(NOEXEC);
}

function makeDirectory(directory: string): void {
  Deno.mkdirSync(parentOf(directory), { recursive: true });
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
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

/** By libc: the runtime compares bytes one by one. */
function isSame(one: Uint8Array<ArrayBuffer>, other: Uint8Array<ArrayBuffer>): boolean {
  return one.length === other.length && openLibc().memcmp(one, other, BigInt(one.length)) === 0;
}
