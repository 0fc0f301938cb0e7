/** `unsock doctor [COMMAND|PORT]`: checks this machine, the start of COMMAND, or why no server answers at PORT. */
import process from "node:process";
import { styleText } from "node:util";
import type { Context } from "../system/context.ts";
import { diagnoseCommand } from "../checks/command.ts";
import { libraryOrReason } from "../checks/library_findings.ts";
import { diagnoseMachine } from "../checks/machine.ts";
import { diagnosePort } from "../checks/port.ts";
import type { PlaceOptions } from "../run/run_settings.ts";
import type { Finding } from "../checks/finding.ts";
import { EXIT_FAILED, UsageError } from "../system/errors.ts";

type DoctorOptions = PlaceOptions & { readonly json?: boolean; readonly lib?: string };

/**
 * Prints the findings, each with its advice.
 *
 * @param words A port, or a program and its arguments. Without words, examines this machine.
 * @returns The exit status.
 */
export function doctor(
  { json, lib, ...place }: DoctorOptions,
  words: readonly string[],
  context: Context,
): number {
  const [first, second] = words;
  if (first === "") throw new UsageError("doctor: COMMAND: empty");
  const isPort = first !== undefined && /^\d+([@/].*)?$/.test(first);
  if (isPort && second !== undefined) throw new UsageError(`doctor: too many arguments: "${second}"`);
  const library = libraryOrReason(context, lib);
  const findings = first === undefined
    ? diagnoseMachine(context, library, place, lib)
    : isPort
    ? diagnosePort(first, context, library, place)
    : diagnoseCommand(words, context, library, place);
  const inColour = process.stdout.isTTY === true && !context.environ.getFilled("NO_COLOR");
  const verdicts = findings.filter(({ key }) => key === "verdict");
  context.print(
    json
      ? `${JSON.stringify(findings, null, 2)}\n`
      : findings.map((finding) => formatFinding(finding, inColour)).join(""),
  );
  return (verdicts.length > 0 ? verdicts : findings).some(({ level }) => level === "FAIL") ? EXIT_FAILED : 0;
}

const COLOURS = { ok: "green", note: "yellow", FAIL: "red" } as const;

/** @returns The finding's lines, with the level in colour if `inColour` is set. */
function formatFinding({ key, level, text, advice }: Finding, inColour: boolean): string {
  const padded = level.padEnd(4);
  const shown = inColour ? styleText(COLOURS[level], padded, { validateStream: false }) : padded;
  return `${shown} ${key === "verdict" ? "=> " : ""}${text}\n${advice === undefined ? "" : `     -> ${advice}\n`}`;
}
