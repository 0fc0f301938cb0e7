/** Whether this machine lets those who run the tests have namespaces of their own: containers' and hardened ones often do not. */
import { run } from "./process.ts";
import { findProgram } from "./programs.ts";

/**
 * @param uid The user who would have them, a user namespace first unless he is root.
 * @returns Whether he may, network and all.
 */
export async function mayUnshare(uid = Deno.uid() ?? 0): Promise<boolean> {
  if (findProgram("unshare") === undefined) return false;
  const as = uid === Deno.uid() ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const flags = uid === 0 ? ["-n"] : ["-Un", "--map-current-user"];
  return (await run([...as, "unshare", ...flags, "true"])).code === 0;
}
