/** A private directory for one test. */

/**
 * Runs `fn` with a new empty directory whose path is short enough for socket names, and removes it afterwards.
 *
 * @param fn What to do with the directory.
 * @throws Whatever `fn` throws; the directory is gone then too.
 */
export async function withDir(fn: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ dir: "/tmp", prefix: "u" });
  try {
    await fn(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/**
 * @param dir A directory of socket files.
 * @returns What is in it, sorted, but for the links `.PORT.sock` of files that are there.
 */
export function namesIn(dir: string): string[] {
  const names = Array.from(Deno.readDirSync(dir), ({ name }) => name);
  return names.filter((name) => !(name.startsWith(".") && names.includes(name.slice(1)))).toSorted();
}
