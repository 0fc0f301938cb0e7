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

/** True if libc is one of Debian's builds, which have been tested: from 2.36 on x86-64, from 2.41 on aarch64. */
function mustBeKnown(machine: string): boolean {
  const version = /^glibc 2\.(\d+)/.exec(output("getconf", ["GNU_LIBC_VERSION"]))?.[1];
  return /^ID=debian$/m.test(output("cat", ["/etc/os-release"])) && Number(version) >= (machine === "x86_64" ? 36 : 41);
}

/** True if the library has changed libc's code: /proc/self/maps lists a changed page apart from the others. */
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
 * @returns Whether writes inside libc are intercepted. They must be for every tested libc (docs/limits.md).
 */
export function isReachedInside(machine: string = Deno.build.arch): boolean {
  if (machine !== Deno.build.arch) return mustBeKnown(machine);
  return reached ??= mustBeKnown(machine) || isChanged();
}
