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
export async function unpackShim(variable: Variables, system: Owner): Promise<string> {
  const hash = Deno.readTextFileSync(`${BUILT}.sha256`);
  let problem = "";
  for (const directory of cacheDirectories(variable, system)) {
    try {
      return await unpackInto(directory, hash, system);
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

async function unpackInto(directory: string, hash: string, system: Owner): Promise<string> {
  if (statOrUndefined(directory) === undefined) makeDirectory(directory);
  const status = Deno.lstatSync(directory);
  if (!status.isDirectory || status.uid !== system.euid || ((status.mode ?? 0) & 0o077) !== 0) {
    throw new Error("not a private directory (owned by you, mode 0700)");
  }
  const why = distrust(directory, system);
  if (why !== undefined) throw new Error(why);
  const file = `${directory}/libunsock-${hash.slice(0, 16)}.so`;
  // Itself, and not behind a link: what it is, nobody else can have made in a private directory.
  const isThere = lstatOrUndefined(file)?.isFile === true && await hasHash(file, hash);
  if (!isThere) {
    writeAtomically(file, Deno.readFileSync(BUILT));
    if (!await hasHash(file, hash)) throw new Error("what was written reads back different");
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

/** By the runtime's own digest: it takes half of what it takes to make a function of libc callable. */
async function hasHash(file: string, hash: string): Promise<boolean> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Deno.readFileSync(file)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === hash;
}
