/** `unsock doctor [COMMAND|PORT]`: what this machine can do, what would happen to COMMAND, why nobody is found at PORT. */
import type { Context } from "../system/context.ts";
import { diagnoseCommand, diagnoseMachine, diagnosePort } from "../checks/diagnosis.ts";
import type { Finding } from "../checks/finding.ts";
import { EXIT_FAILED, UsageError } from "../system/errors.ts";

/**
 * Prints a line, or more, for each finding.
 *
 * @param options As on the command line.
 * @param command What to look at: a program, or what begins as a port does; undefined: this machine.
 * @returns The exit status.
 */
export async function doctor(
  options: { readonly json?: boolean; readonly dir?: string },
  command: string | undefined,
  context: Context,
): Promise<number> {
  if (command === "") throw new UsageError("doctor: COMMAND: empty");
  const findings = command === undefined
    ? await diagnoseMachine(context, options.dir)
    : /^\d+([@/].*)?$/.test(command)
    ? await diagnosePort(command, context, options.dir)
    : await diagnoseCommand(command, context, options.dir);
  context.print(options.json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(formatFinding).join(""));
  return findings.some(({ level }) => level === "FAIL") ? EXIT_FAILED : 0;
}

function formatFinding({ level, text, advice }: Finding): string {
  return `${level.padEnd(4)} ${text}\n${advice === undefined ? "" : `     -> ${advice}\n`}`;
}
