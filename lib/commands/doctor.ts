/** `unsock doctor [COMMAND|PORT]`: checks this machine, the start of COMMAND, or why no server answers at PORT. */
import process from "node:process";
import type { Context } from "../system/context.ts";
import { diagnoseCommand, diagnoseMachine, diagnosePort } from "../checks/diagnosis.ts";
import type { PlaceOptions } from "../run/run_settings.ts";
import type { Finding } from "../checks/finding.ts";
import { EXIT_FAILED, UsageError } from "../system/errors.ts";

/**
 * Prints a line, or more, for each finding.
 *
 * @param options As on the command line.
 * @param command A program or a port to examine; undefined: this machine.
 * @returns The exit status.
 */
export function doctor(
  { json, ...place }: PlaceOptions & { readonly json?: boolean },
  command: string | undefined,
  context: Context,
): number {
  if (command === "") throw new UsageError("doctor: COMMAND: empty");
  const findings = command === undefined
    ? diagnoseMachine(context, place)
    : /^\d+([@/].*)?$/.test(command)
    ? diagnosePort(command, context, place)
    : diagnoseCommand(command, context, place);
  const inColour = process.stdout.isTTY === true && !context.environ.getFilled("NO_COLOR");
  const verdicts = findings.filter(({ key }) => key === "verdict");
  context.print(
    json
      ? `${JSON.stringify(findings, null, 2)}\n`
      : findings.map((finding) => formatFinding(finding, inColour)).join(""),
  );
  return (verdicts.length > 0 ? verdicts : findings).some(({ level }) => level === "FAIL") ? EXIT_FAILED : 0;
}

const COLOURS = { ok: 32, note: 33, FAIL: 31 } as const;

/** @returns Its lines; the level in colour on a terminal, unless NO_COLOR is set (no-color.org). */
function formatFinding({ key, level, text, advice }: Finding, inColour: boolean): string {
  const padded = level.padEnd(4);
  const shown = inColour ? `\x1b[${COLOURS[level]}m${padded}\x1b[0m` : padded;
  return `${shown} ${key === "verdict" ? "=> " : ""}${text}\n${advice === undefined ? "" : `     -> ${advice}\n`}`;
}
