/** Samba's server for a guest: Debian's packages, unpacked under build/vm. */
import { join } from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import type { Entry } from "./cpio.ts";
import { programEntries } from "./image.ts";
import { succeed, unpackPackages } from "./packages.ts";

const SERVER = "usr/sbin/smbd";
const LIBRARIES = ["usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/samba"];

/**
 * Finds Samba in the cache, or fetches it with apt-get, and its dependencies as far as this machine lacks them.
 *
 * @param cache The absolute path of the directory to keep it in; made if missing.
 * @returns `smbd` and its libraries, for the guest's file system.
 * @throws {Error} When the packages cannot be had, with apt's own words.
 */
export async function fetchSamba(cache: string): Promise<Entry[]> {
  const root = join(cache, "samba");
  const server = join(root, SERVER);
  const isThere = () => statOrUndefined(server) !== undefined;
  if (!isThere()) {
    await unpackPackages(root, download).catch((error) => {
      if (!isThere()) throw error; // else another run was faster
    });
  }
  const libraryPath = LIBRARIES.map((directory) => join(root, directory)).join(":");
  const entries = await programEntries(server, "bin/smbd", { LD_LIBRARY_PATH: libraryPath });
  // The packages' own files go where Debian installs them: smbd looks for its libraries there.
  const prefix = `${root.slice(1)}/`;
  return entries.map((entry) => ({ ...entry, path: entry.path.replace(prefix, "") }));
}

async function download(work: string): Promise<void> {
  await Deno.mkdir(join(work, "partial"));
  const options = [`Dir::Cache::archives=${work}`, "Debug::NoLocking=1", "APT::Sandbox::User="];
  const chosen = ["--yes", "--no-install-recommends", "--download-only", "--reinstall"];
  await succeed(["apt-get", "install", ...chosen, ...options.flatMap((option) => ["-o", option]), "samba"], work);
}
