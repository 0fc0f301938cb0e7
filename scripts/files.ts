/** Files that builds make: names by their content, and files that appear complete or not at all. */

/** @returns A short name for these parts. */
export async function hash(parts: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\0")));
  return Array.from(new Uint8Array(digest).subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Makes a file of another name and renames it. Two builds may run at once: a file appears complete or not at all.
 *
 * @param make Makes the file at the path that it is given.
 */
export async function produce(file: string, make: (part: string) => Promise<unknown>): Promise<void> {
  const part = `${file}.${crypto.randomUUID()}`;
  try {
    await make(part);
    await Deno.rename(part, file);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

/** @returns Whether there is such a file. */
export async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

/** Identifies a file's version: changes when the file is replaced, and is the same of a copy with its time. */
export async function identity(file: string): Promise<string> {
  return await Deno.stat(file).then(({ size, mtime }) => `${size} ${mtime?.getTime()}`, () => "none");
}

/** Writes a file unless it has this text. */
export async function writeIfChanged(file: string, text: string): Promise<void> {
  const before = await Deno.readTextFile(file).catch(() => "");
  if (before !== text) await produce(file, (part) => Deno.writeTextFile(part, text));
}
