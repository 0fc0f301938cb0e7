/** Makes files for builds: names by content, and files that appear complete or not at all. */

/** @returns A short name for the texts `parts`, always the same for the same texts in the same order. */
export async function hash(parts: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\0")));
  return Array.from(new Uint8Array(digest).subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Makes a temporary file and renames it, so that the file appears complete or not at all: two builds may run at once.
 *
 * @param make Makes the temporary file at the path that it gets.
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

export async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

/** Returns a text that changes when the file is replaced. A copy with the same time has the same text. */
export async function identity(file: string): Promise<string> {
  return await Deno.stat(file).then(({ size, mtime }) => `${size} ${mtime?.getTime()}`, () => "none");
}

/** Writes a file, unless it already has this text. */
export async function writeIfChanged(file: string, text: string): Promise<void> {
  const before = await Deno.readTextFile(file).catch(() => "");
  if (before !== text) await produce(file, (part) => Deno.writeTextFile(part, text));
}
