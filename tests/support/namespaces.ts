/** Finds whether users may make namespaces on this machine: in containers and on hardened machines often not. */
import { run } from "./process.ts";
import { findProgram } from "./programs.ts";

/**
 * @param uid The user. Unless it is root, it makes a user namespace first.
 * @returns Whether the user may make a network namespace.
 */
export async function mayUnshare(uid = Deno.uid() ?? 0): Promise<boolean> {
  if (findProgram("unshare") === undefined) return false;
  const as = uid === Deno.uid() ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const flags = uid === 0 ? ["-n"] : ["-Un", "--map-current-user"];
  return (await run([...as, "unshare", ...flags, "true"])).code === 0;
}
