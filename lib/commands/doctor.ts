/** `unsock doctor [COMMAND]`: what this machine can do, and what would happen to COMMAND. */
import type { Command } from "commander";
import type { Context } from "../system/context.ts";
import { diagnoseCommand, diagnoseMachine, type Finding } from "../report/diagnosis.ts";
import { EXIT_FAILED, UsageError } from "../system/errors.ts";

/** Adds the command to the program. */
export function defineDoctor(program: Command, context: Context, settle: (exitCode: number) => void): void {
  program.command("doctor [command]")
    .description("tell what this machine can do and whether the library can reach COMMAND")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit status: 0 when all is well, 1 when a line says FAIL.")
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      const behindDashes = context.command?.[0];
      const command = name ?? (behindDashes && new TextDecoder().decode(behindDashes));
      if (command === "") throw new UsageError("doctor: COMMAND: empty");
      const findings = command === undefined ? await diagnoseMachine(context) : diagnoseCommand(command, context);
      context.print(options.json ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(formatFinding).join(""));
      settle(findings.some(({ level }) => level === "FAIL") ? EXIT_FAILED : 0);
    });
}

function formatFinding({ level, text, advice }: Finding): string {
  return `${level.padEnd(4)} ${text}\n${advice === undefined ? "" : `     -> ${advice}\n`}`;
}
