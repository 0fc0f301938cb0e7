/** Whether programs may be rewritten where they make their system calls (`docs/limits.md`): asked of the library. */
import type { Context } from "../system/context.ts";
import { cString, textOf } from "../system/ffi.ts";
import { ownRunner } from "../run/own_runner.ts";
import { findShim } from "../run/shim.ts";
import { type Finding, note, ok } from "./finding.ts";

const MESSAGE_SIZE = 256;
const EACH_IS_TRAPPED = "each call of static programs and of Go's is trapped, which is slower";
const ALLOW_IT = "MemoryDenyWriteExecute=no in a service, execmod for SELinux: or leave it, and see docs/limits.md";

/**
 * Without a library there is nobody to ask, and another line says so.
 *
 * @param file The program that it is asked of: a security module may allow it of one and not of another.
 */
export async function rewritingFinding(context: Context, file?: string): Promise<Finding | undefined> {
  if (context.environ.getFilled("UNSOCK_PATCH") === "0") {
    return note("rewriting", `UNSOCK_PATCH=0: ${EACH_IS_TRAPPED}`, "unset UNSOCK_PATCH");
  }
  const error = new Uint8Array(MESSAGE_SIZE);
  try {
    const runner = await ownRunner(context);
    const asked = cString(file ?? await findShim(undefined, context.environ, context.system));
    const result = runner.unsock_check_rewriting(asked, error, BigInt(error.length));
    return result === 0
      ? ok("rewriting", "rewriting: the calls of static programs and of Go's are rewritten, not trapped")
      : note(
        "rewriting",
        `rewriting: changed code may not be executed (${textOf(error)}): ${EACH_IS_TRAPPED}`,
        ALLOW_IT,
      );
  } catch {
    return undefined;
  }
}
