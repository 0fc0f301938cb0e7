/** The checks of `unsock doctor COMMAND`: how unsock reaches the programs that COMMAND starts. */
import * as path from "@std/path/posix";
import type { Answer, Library } from "../library/query.ts";
import { inspectCommand, type ProgramStep } from "../run/program.ts";
import { MAY_BIND_QUESTION, type PlaceOptions, type RunSettings, SETTINGS_QUESTION } from "../run/run_settings.ts";
import { SETTING_LIST } from "../run/settings.ts";
import type { Context } from "../system/context.ts";
import { reason } from "../system/errors.ts";
import { printable } from "../system/text.ts";
import { confinementFindings } from "./confinement.ts";
import { directoryFindings } from "./directory_findings.ts";
import { bad, type Finding, note, ok, whyNot, withoutRepetition } from "./finding.ts";
import { settingsFinding, socketsFinding } from "./library_findings.ts";
import { rewritingFinding } from "./rewriting.ts";

/**
 * @param command The words that a user would write after `unsock run --`.
 * @returns Findings on each step of the command's start, on the environment and on the directory.
 */
export function diagnoseCommand(
  command: readonly string[],
  context: Context,
  library: Library | string,
  place: PlaceOptions,
): Finding[] {
  if (typeof library === "string") return [bad("program", library), ...environmentFindings(context)];
  const [settings, mayBind] = library.askAll([SETTINGS_QUESTION, MAY_BIND_QUESTION], place);
  return withoutRepetition([
    ...programFindings(command, context, library, place, engineOf(settings)),
    ...environmentFindings(context),
    ...[settingsFinding(settings)].filter(({ level }) => level !== "ok"), // environmentFindings() shows the variables
    socketsFinding(mayBind),
    ...directoryFindings(library, place),
  ]);
}

/** Returns the engine in effect, or undefined if the settings cannot be read, which another finding reports. */
function engineOf(settings: Answer<RunSettings>): string | undefined {
  return whyNot(settings) === undefined ? settings().variables.get("UNSOCK_ENGINE") : undefined;
}

function programFindings(
  command: readonly string[],
  context: Context,
  library: Library,
  place: PlaceOptions,
  engine: string | undefined,
): Finding[] {
  try {
    const programs = programsOf(command).map((program) => inspectCommand(program, library));
    const steps = programs.flat();
    // The AppArmor profile of a script counts, not that of its interpreter.
    const executed = programs.map(([first]) => first?.file ?? "");
    const trapped = steps.find(({ door }) => door === "trap");
    const rewriting = trapped && engine !== "preload" && rewritingFinding(context, library, trapped.file);
    return [
      ...steps.map((step) => stepFinding(step, engine)),
      ...rewriting && rewriting.level === "note" ? [rewriting] : [],
      ...executed.flatMap((file) =>
        confinementFindings(file, library, place, engine === "trap" || trapped !== undefined)
      ),
    ];
  } catch (error) {
    return [bad("program", reason(error))];
  }
}

/** Options of env(1) whose value is the next word. */
const ENV_TAKES = ["-u", "--unset", "-C", "--chdir", "-a", "--argv0"];

/** Returns the command's program. If the program is `env`, also returns the program that `env` executes. */
function programsOf([program = "", ...words]: readonly string[]): string[] {
  if (path.basename(program) !== "env") return [program];
  let at = 0;
  while (words[at]?.startsWith("-") || words[at]?.includes("=")) at += ENV_TAKES.includes(words[at] ?? "") ? 2 : 1;
  return [program, ...at < words.length ? programsOf(words.slice(at)) : []];
}

/** Reports the settings in the environment, and notes `UNSOCK_OFF=1`. */
export function environmentFindings({ environ }: Context): Finding[] {
  const set = SETTING_LIST.map(({ variable }) => ({ variable, value: environ.getFilled(variable) }))
    .filter(({ value }) => value !== undefined).map(({ variable, value }) => `${variable}=${value}`);
  const findings = set.length === 0 ? [] : [ok("environment", `environment: ${printable(set.join(" "))}`)];
  if (environ.getFilled("UNSOCK_OFF") !== "1") return findings;
  return [...findings, note("environment", "UNSOCK_OFF=1: nothing is redirected", "unset UNSOCK_OFF")];
}

function stepFinding({ file, door, why }: ProgramStep, engine: string | undefined): Finding {
  if (door === "none") return bad("program", `${file}: ${why}`, adviceFor(why));
  if (door !== "trap") return ok("program", `${file}: ${why}`);
  return engine === "preload"
    ? bad("program", `${file}: ${why}, and UNSOCK_ENGINE=preload traps no calls: run refuses it`, "UNSOCK_ENGINE=auto")
    : ok("program", `${file}: ${why}; its system calls are trapped, or rewritten`);
}

function adviceFor(problem: string): string {
  if (problem.startsWith("made for")) return "use a build for this machine";
  return "run it as the user that it would become";
}
