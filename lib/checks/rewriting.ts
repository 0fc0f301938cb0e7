/** Checks whether the library may rewrite a program's system calls in place (`docs/limits.md`). */
import type { Context } from "../system/context.ts";
import type { Library, Question } from "../library/query.ts";
import { type Finding, note, ok } from "./finding.ts";

const EACH_IS_TRAPPED = "each call of static and Go programs is trapped, which is slower";
const ALLOW_IT = "MemoryDenyWriteExecute=no in a service, execmod for SELinux: or leave it, and see docs/limits.md";

/**
 * The question why the library may not rewrite a program; the answer is undefined if it may. The question names the
 * program's file, since a security module may allow rewriting for some files only.
 */
function rewritingQuestion(file: string): Question<string | undefined> {
  return { word: `rewriting=${file}`, read: (answer) => answer.maybeText("problem") };
}

/** Reports whether the library may rewrite the system calls of the program `file`. */
export function rewritingFinding({ environ }: Context, library: Library, file: string): Finding {
  if (environ.getFilled("UNSOCK_PATCH") === "0") {
    return note("rewriting", `UNSOCK_PATCH=0: ${EACH_IS_TRAPPED}`, "unset UNSOCK_PATCH");
  }
  const problem = library.ask(rewritingQuestion(file));
  return problem === undefined
    ? ok("rewriting", "rewriting: the calls of static and Go programs are rewritten, not trapped")
    : note("rewriting", `rewriting: changed code may not be executed (${problem}): ${EACH_IS_TRAPPED}`, ALLOW_IT);
}
