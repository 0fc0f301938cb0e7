/** `unsock self-test`: opens the library in this process, makes real sockets with it and checks their behaviour. */
import type { Context } from "../system/context.ts";
import { EXIT_FAILED, reason, UnsockError } from "../system/errors.ts";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { openFunctions } from "../library/ffi.ts";
import { IS_DENO } from "../system/runtime.ts";
import { type Check, selfChecks } from "../checks/self_checks.ts";
import { findPreloaded } from "../library/preloaded.ts";

/**
 * Prints a line for each check.
 *
 * @param lib The value of `--lib`.
 * @returns The exit status.
 * @throws {UnsockError} On Node.js, or when there is no library to test.
 */
export function selfTest(lib: string | undefined, context: Context): number {
  if (!IS_DENO) throw new UnsockError("self-test: Node.js has no foreign functions: the program of a release has them");
  const { file } = findPreloaded(lib, context.environ);
  const library = openFunctions(file);
  const directory = fs.mkdtempSync(`${tmpdir()}/unsock-self-test-`);
  try {
    context.print(`library ${file}\n`);
    const failures = selfChecks(library, directory).filter((check) => !passes(check, context));
    if (failures.length === 0) return 0;
    context.print(`${failures.length} failed\n`);
    return EXIT_FAILED;
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

function passes(check: Check, context: Context): boolean {
  try {
    check.run();
    context.print(`ok   ${check.name}\n`);
    return true;
  } catch (error) {
    context.print(`FAIL ${check.name}: ${reason(error)}\n`);
    return false;
  }
}
