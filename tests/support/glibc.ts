/** Finds whether writes inside libc are intercepted in a preloaded program here: only if libc's `write` is known. */
import { libraryEnv } from "./library.ts";

let reached: boolean | undefined;

function output(command: string, args: string[], env: Record<string, string> = {}): string {
  try {
    const { success, stdout } = new Deno.Command(command, { args, env, stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout) : "";
  } catch {
    return "";
  }
}

/** Debian's builds have been tried: 2.36 (12; x86-64 alone) and 2.41 (13). Others' may have other bytes. */
function mustBeKnown(machine: string): boolean {
  const version = /^glibc 2\.(\d+)/.exec(output("getconf", ["GNU_LIBC_VERSION"]))?.[1];
  return /^ID=debian$/m.test(output("cat", ["/etc/os-release"])) && Number(version) >= (machine === "x86_64" ? 36 : 41);
}

/** A page of libc's code that was changed is mapped by itself. */
function isChanged(): boolean {
  const directory = Deno.makeTempDirSync();
  try {
    const maps = output("cat", ["/proc/self/maps"], libraryEnv(directory));
    return maps.split("\n").filter((line) => / r-xp .*\/libc\.so\.6$/.test(line)).length > 1;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/**
 * @param machine This one, or one whose C library is Debian's of the same version.
 * @returns Whether they are: they must be for every libc that has been tested (docs/limits.md).
 */
export function isReachedInside(machine: string = Deno.build.arch): boolean {
  if (machine !== Deno.build.arch) return mustBeKnown(machine);
  return reached ??= mustBeKnown(machine) || isChanged();
}
