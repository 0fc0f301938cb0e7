/** Which file a command is, and whether the library can reach into it. */
import * as path from "@std/path/posix";
import { type ElfFile, type ProgramFile, readProgramFile, type Script } from "../system/elf.ts";
import { CommandError, EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND } from "../system/errors.ts";
import type { System } from "../system/linux.ts";

/** What `execvp` searches when there is no `PATH`. */
const DEFAULT_PATH = "/bin:/usr/bin";

/** The kernel follows this many `#!` lines. */
const MAX_SCRIPTS = 5;

const MACHINES: Readonly<Record<number, string>> = {
  3: "32-bit x86",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC",
  22: "S/390",
  40: "32-bit ARM",
  62: "x86-64",
  183: "aarch64",
  243: "RISC-V",
  258: "LoongArch",
};

/** ELF's `e_machine` of the processor this runs on. */
export const THIS_MACHINE = Deno.build.arch === "aarch64" ? 183 : 62;

/** One program on the way from the command to what really runs: a script's interpreter follows the script. */
export interface ProgramStep {
  readonly file: string;
  /** Undefined: we may execute it but not read it. */
  readonly content: ProgramFile | undefined;
  /** Why the library cannot reach it; undefined: it can. */
  readonly problem: string | undefined;
  /** Why preloading does not reach it, so that its system calls have to be trapped; undefined: it does. */
  readonly trapped: string | undefined;
}

/**
 * Finds the file that `execvp` would execute.
 *
 * @param command As typed.
 * @param searchPath The value of `PATH`.
 * @returns Its path.
 * @throws {CommandError} With exit status 127 when there is none, 126 when it cannot be executed.
 */
export function findProgram(command: string, searchPath: string | undefined, system: System): string {
  if (command.includes("/")) {
    checkProgram(command, system);
    return command;
  }
  let refused: CommandError | undefined;
  const directories = command === "" ? [] : (searchPath ?? DEFAULT_PATH).split(":");
  for (const directory of directories) {
    const file = directory === "" ? `./${command}` : `${directory.replace(/\/+$/, "")}/${command}`;
    try {
      checkProgram(file, system);
      return file;
    } catch (error) {
      // As execvp does: remember that something was there, and go on looking.
      if (error instanceof CommandError && error.exitCode === EXIT_NOT_EXECUTABLE) refused ??= error;
    }
  }
  throw refused ?? new CommandError(`command "${command}": not found in PATH`, { exitCode: EXIT_NOT_FOUND });
}

function checkProgram(file: string, system: System): void {
  const fail = (why: string, exitCode: number) => new CommandError(`command ${file}: ${why}`, { exitCode });
  let status;
  try {
    status = system.stat(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw fail("not found", EXIT_NOT_FOUND);
    if (error instanceof Deno.errors.PermissionDenied) throw fail("Permission denied", EXIT_NOT_EXECUTABLE);
    throw fail(error instanceof Error ? error.message.replace(/ \(os error.*/s, "") : "unknown", EXIT_NOT_EXECUTABLE);
  }
  if (status.isDirectory) throw fail("is a directory", EXIT_NOT_EXECUTABLE);
  if (!status.isFile || !system.isExecutable(file)) throw fail("not executable", EXIT_NOT_EXECUTABLE);
}

/**
 * Follows a program through `#!` lines and `env` to what really runs, and says of each whether the library reaches it.
 *
 * @param file From {@linkcode findProgram}.
 * @param searchPath The value of `PATH`, for `#!/usr/bin/env NAME`.
 * @returns At least one step.
 */
export function inspectProgram(file: string, searchPath: string | undefined, system: System): ProgramStep[] {
  const steps: ProgramStep[] = [];
  let next: string | undefined = file;
  while (next !== undefined && steps.length <= MAX_SCRIPTS * 2) {
    const step = inspectFile(next, system);
    steps.push(step);
    next = step.problem === undefined ? nextFile(step, searchPath, system) : undefined;
  }
  return steps;
}

function inspectFile(file: string, system: System): ProgramStep {
  const content = system.withBytes(file, readProgramFile);
  const problem = privilegeProblem(file, content, system) ?? machineProblem(content);
  return { file, content, problem, trapped: problem === undefined ? trapReason(file, content) : undefined };
}

/** The dynamic linker ignores `LD_PRELOAD` where the kernel sets `AT_SECURE`: see `security/commoncap.c`. */
function privilegeProblem(file: string, content: ProgramFile | undefined, system: System): string | undefined {
  if (content?.kind === "script") return undefined; // these bits of a script count for nothing
  const { mode, uid, gid } = system.stat(file);
  if ((mode & 0o4000) !== 0 && uid !== system.uid) return "set-user-ID: the dynamic linker ignores LD_PRELOAD";
  if ((mode & 0o2010) === 0o2010 && gid !== system.gid) return "set-group-ID: the dynamic linker ignores LD_PRELOAD";
  if (system.uid !== 0 && system.hasCapabilities(file)) {
    return "has file capabilities: the dynamic linker ignores LD_PRELOAD";
  }
  return undefined;
}

function machineProblem(content: ProgramFile | undefined): string | undefined {
  if (content?.kind !== "elf") return undefined;
  if (content.machine !== THIS_MACHINE || !content.is64Bit || !content.littleEndian) {
    const name = MACHINES[content.machine] ?? `machine ${content.machine}`;
    return `made for another machine (${content.is64Bit ? name : `${name}, 32-bit`.replace(/32-bit (.*), /, "$1, ")})`;
  }
  return undefined;
}

function trapReason(file: string, content: ProgramFile | undefined): string | undefined {
  if (content?.kind !== "elf") return undefined;
  if (content.ownSystemCalls !== undefined) {
    return `a ${content.ownSystemCalls} program: it makes system calls itself, not through libc`;
  }
  if (content.interpreter === undefined && !isDynamicLinker(file, content)) {
    return "statically linked: nothing can be preloaded";
  }
  return undefined;
}

/** `ld.so PROGRAM` is a way to start a program; the linker itself names no linker. */
function isDynamicLinker(file: string, content: ElfFile): boolean {
  return content.isDynamic && /^ld(-|64|\.so)/.test(path.basename(file));
}

function nextFile(step: ProgramStep, searchPath: string | undefined, system: System): string | undefined {
  const content = step.content;
  if (content === undefined || content.kind === "elf") return undefined;
  // Not for the kernel: execvp hands it to the shell.
  if (content.kind === "other") return "/bin/sh";
  const command = envCommand(content);
  const target = command ?? content.interpreter;
  try {
    return command === undefined ? (checkProgram(target, system), target) : findProgram(command, searchPath, system);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`command ${step.file}: its interpreter ${target}: ${error.message.replace(/^.*?: /, "")}`, {
      exitCode: error.exitCode ?? EXIT_NOT_FOUND,
    });
  }
}

/** @returns The program that `#!/usr/bin/env [-S] [NAME=VALUE…] PROGRAM` starts. */
function envCommand(script: Script): string | undefined {
  if (path.basename(script.interpreter) !== "env" || script.argument === undefined) return undefined;
  const split = script.argument.replace(/^(-S|--split-string=?|-[iv]*S)\s*/, "");
  // Without -S the whole rest is one word: the kernel does not split it.
  const words = split === script.argument ? [script.argument] : split.split(/\s+/);
  return words.find((word) => word !== "" && !word.startsWith("-") && !word.includes("="));
}
