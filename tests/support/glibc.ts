/** Which C library this machine has. */

let version: number[] | undefined;

function glibcVersion(): number[] {
  try {
    const { success, stdout } = new Deno.Command("getconf", { args: ["GNU_LIBC_VERSION"], stderr: "null" })
      .outputSync();
    return success ? new TextDecoder().decode(stdout).replace("glibc ", "").trim().split(".").map(Number) : [];
  } catch {
    return [];
  }
}

/**
 * @param machine Whose programs run with this machine's C library.
 * @returns Whether what libc writes by itself reaches the library in a preloaded program (docs/limits.md).
 */
export function isReachedInside(machine: string = Deno.build.arch): boolean {
  const [major = 0, minor = 0] = version ??= glibcVersion();
  return machine === "x86_64" && (major > 2 || (major === 2 && minor >= 35));
}
