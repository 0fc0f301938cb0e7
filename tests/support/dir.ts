/** A private directory for one test. */

/**
 * Runs `fn` with a new empty directory whose path is short enough for socket names, and removes it afterwards.
 *
 * @param fn Works in the directory.
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
 * @returns The names in it, sorted, without the own name of a port's only socket, to which `PORT.sock` links, and
 * without the lock file, which live processes keep there.
 */
export function namesIn(dir: string): string[] {
  const names = Array.from(Deno.readDirSync(dir), ({ name }) => name).filter((name) => name !== ".unsock.lock");
  return names.filter((name) => !hasPort(dir, name)).toSorted();
}

function hasPort(dir: string, name: string): boolean {
  const [, port, datagram] = /^\.(\d+)(u?)@/.exec(name) ?? [];
  const link = `${dir}/${port}.${datagram === "u" ? "dgram." : ""}sock`;
  try {
    return port !== undefined && Deno.readLinkSync(link) === name;
  } catch {
    return false; // none, or no link
  }
}

/**
 * Copies a program that is executed at once. Lets `cp` do it: this process would have the file open for writing, a
 * child that another test starts meanwhile would inherit it, and executing the file would fail (ETXTBSY).
 *
 * @throws {Error} with cp's message.
 */
export function copyProgram(from: string, to: string): void {
  byItself("cp", "--", from, to);
}

/**
 * Writes a program, as copyProgram() copies one, that everybody may execute.
 *
 * @throws {Error} with the shell's message.
 */
export function writeProgram(to: string, text: string): void {
  byItself("sh", "-c", 'printf %s "$2" >"$1" && chmod 755 "$1"', "sh", to, text);
}

function byItself(command: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args, stdout: "null" }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
