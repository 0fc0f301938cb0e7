/** Debian's packages, fetched with apt-get and unpacked, never installed. Needs no privileges. */
import { dirname, join } from "@std/path/posix";
import { run } from "../support/process.ts";

const TIMEOUT_MS = 300_000;

/**
 * Fetches packages and unpacks them into a directory, which is there only when all is in it.
 *
 * @param directory The absolute path.
 * @param fetch Downloads the packages into the directory that it gets.
 * @throws {Error} When the packages cannot be had, with apt's own words.
 */
export async function unpackPackages(directory: string, fetch: (work: string) => Promise<unknown>): Promise<void> {
  await Deno.mkdir(dirname(directory), { recursive: true });
  const work = await Deno.makeTempDir({ dir: dirname(directory), prefix: "fetch" });
  try {
    await fetch(work);
    const archives = [...Deno.readDirSync(work)].filter(({ name }) => name.endsWith(".deb"));
    if (archives.length === 0) throw new Error("apt-get left no package");
    for (const { name } of archives) await succeed(["dpkg", "-x", join(work, name), join(work, "root")], work);
    await Deno.rename(join(work, "root"), directory);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * @returns What the command prints.
 * @throws {Error} When it fails, with its own words.
 */
export async function succeed(cmd: string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await run(cmd, { cwd, env: { LC_ALL: "C", ...env }, timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`${cmd.join(" ")}: exit status ${code}\n${stderr}`);
  return stdout;
}
