/** What `unsock doctor` looks at: the machine, the settings, a command. */
import * as path from "@std/path/posix";
import type { Context } from "../system/context.ts";
import { lstatOrUndefined, statOrUndefined } from "../system/files.ts";
import { type AddressedPort, readPort } from "../run/ports.ts";
import { chooseDirectory, directoryProblem } from "../run/directory.ts";
import { type ChosenDirectory, readRunSettings } from "../run/run_settings.ts";
import { reason } from "../system/errors.ts";
import { cString, openRunner, openShim, type Runner } from "../system/ffi.ts";
import { inspectCommand, type ProgramStep } from "../run/program.ts";
import { checkSettingNames } from "../run/setting_names.ts";
import { SETTING_LIST } from "../run/settings.ts";
import { ownRunner } from "../run/own_runner.ts";
import { findShim } from "../run/shim.ts";
import { socketsProblem } from "../run/sockets.ts";
import { bad, type Finding, note, ok } from "./finding.ts";
import { mayAccess, portFindings, W_OK, X_OK } from "./diagnosis_ports.ts";
import { rewritingFinding } from "./rewriting.ts";
import { printable } from "../system/text.ts";
import { userName } from "../system/users.ts";
import { VERSION } from "../system/version.ts";

/** @returns Findings about this machine and the settings in the environment. */
export async function diagnoseMachine(context: Context, directory: string | undefined): Promise<Finding[]> {
  return [
    kernelFinding(Deno.osRelease()),
    await settingsFinding(context),
    await libraryFinding(context),
    await socketsFinding(context),
    await rewritingFinding(context),
    ...await directoryFindings(context, directory),
    ...preloadFindings(context),
    ...familyFindings(context.proc.readText("/proc/net/protocols") ?? ""),
    queueFinding(context.proc.readText("/proc/sys/net/unix/max_dgram_qlen")),
  ].filter((finding) => finding !== undefined);
}

/** Without a library there is nobody to ask, and another line says so. */
async function socketsFinding(context: Context): Promise<Finding | undefined> {
  try {
    const why = socketsProblem(await ownRunner(context));
    return why === undefined ? ok("sockets", "sockets: AF_UNIX sockets may be made and bound") : bad("sockets", why);
  } catch {
    return undefined;
  }
}

/** Exported for its test: Linux 5.10 is the oldest kernel that is promised. */
export function kernelFinding(release: string): Finding {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const isNew = major > 5 || (major === 5 && minor >= 10);
  return isNew
    ? ok("kernel", `Linux ${release}`)
    : note("kernel", `Linux ${release}: older than 5.10`, "untested: run unsock self-test");
}

/** Without a library there is nobody to ask for values, and another line says so. */
async function settingsFinding(context: Context): Promise<Finding | undefined> {
  const runner = await ownRunner(context).catch(() => undefined);
  try {
    checkSettingNames(context.environ.texts().map(splitVariable));
    if (runner === undefined) return undefined;
    readRunSettings({}, context.environ, "/", runner);
    return ok("settings", "settings: every UNSOCK_ variable in the environment can be read");
  } catch (error) {
    return bad(
      "settings",
      `settings: ${reason(error)}`,
      "every command that the library is preloaded into ends with this line",
    );
  }
}

function splitVariable(text: string): [string, string] {
  const [name = ""] = text.split("=", 1);
  return [name, text.slice(name.length + 1)];
}

async function libraryFinding(context: Context): Promise<Finding> {
  try {
    const file = await findShim(undefined, context.environ, context.system);
    const pointer = openShim(file).unsock_version();
    const version = pointer && new Deno.UnsafePointerView(pointer).getCString();
    if (version !== VERSION) {
      return bad("library", `library ${file}: version ${version}`, `this is unsock ${VERSION}: use its own`);
    }
    if (isRootAlones(file)) {
      const advice = "what a command executes as another user is not redirected: use --lib with a copy for everyone";
      return note("library", `library ${file}: version ${version}, root alone can reach it`, advice);
    }
    return ok("library", `library ${file}: version ${version}`);
  } catch (error) {
    return bad("library", reason(error));
  }
}

/** Whether another user than root could not read the library, where this is root. */
function isRootAlones(file: string): boolean {
  return openRunner(file).unsock_check_library(cString(file), new Uint8Array(1), 1n) === 1;
}

async function directoryFindings(
  context: Context,
  option: string | undefined,
  port?: AddressedPort,
): Promise<Finding[]> {
  try {
    const runner = await ownRunner(context);
    const directory = chooseDirectory(option, context.environ, runner);
    return [directoryFinding(directory, context, runner), ...portFindings(directory, { context, runner, port })];
  } catch (error) {
    return [bad("directory", `directory: ${reason(error)}`)];
  }
}

function directoryFinding(directory: ChosenDirectory, context: Context, runner: Runner): Finding {
  const { euid } = context.system;
  try {
    const status = statOrUndefined(directory.path);
    const problem = directoryProblem(directory, runner);
    if (problem !== undefined) return bad("directory", problem);
    if (status === undefined) return missingFinding(directory.path, context);
    const mode = ((status.mode ?? 0) & 0o7777).toString(8).padStart(4, "0");
    if (((status.mode ?? 0) & 0o022) !== 0) {
      return note(
        "directory",
        `directory ${directory.path}: mode ${mode}`,
        "whoever may write there can answer in a server's place",
      );
    }
    const owner = status.uid === euid ? "yours" : `${userName(status.uid ?? 0)}'s`;
    if (!mayAccess(directory.path, W_OK | X_OK, context)) {
      const text = `directory ${directory.path}: ${owner}, mode ${mode}: you may not write to it`;
      return status.uid === euid
        ? bad("directory", text, `no server can make its socket there: chmod u+rwx ${directory.path}, or another --dir`)
        : note(
          "directory",
          text,
          "clients may connect there as far as the files' rights let them; a server needs another --dir",
        );
    }
    return ok("directory", `directory ${directory.path}: ${owner}, mode ${mode}`);
  } catch (error) {
    return bad("directory", `directory: ${reason(error)}`);
  }
}

/** `run` makes it, but none of its parents (`c/process/run_directory.c`). */
function missingFinding(directory: string, context: Context): Finding {
  const parent = path.dirname(directory);
  const text = `directory ${directory}: cannot be made`;
  if (lstatOrUndefined(directory) !== undefined) return bad("directory", `${text}: a link that leads nowhere is there`);
  if (mayAccess(parent, W_OK | X_OK, context)) {
    return ok("directory", `directory ${directory}: will be made, for you alone`);
  }
  if (statOrUndefined(parent) === undefined && mayAccess(existingAbove(parent), X_OK, context)) {
    return bad(
      "directory",
      `${text}: ${parent} does not exist`,
      `make it first, mkdir -p ${parent}, or name another with --dir`,
    );
  }
  const advice =
    `name another with --dir, or let root make it, install -d -o ${context.system.euid} -m 700 ${directory}`;
  return bad("directory", `${text}: you may not make it in ${parent}`, advice);
}

function existingAbove(directory: string): string {
  return statOrUndefined(directory) === undefined && directory !== "/"
    ? existingAbove(path.dirname(directory))
    : directory;
}

/** @returns What the directory, the kernel and other directories tell of one port. */
export async function diagnosePort(text: string, context: Context, directory: string | undefined): Promise<Finding[]> {
  const port = readPort(text, await ownRunner(context));
  return [
    ...environmentFindings(context),
    await socketsFinding(context),
    ...await directoryFindings(context, directory, port),
  ].filter((finding) => finding !== undefined);
}

function preloadFindings(context: Context): Finding[] {
  const findings: Finding[] = [];
  const entries = context.environ.getFilled("LD_PRELOAD")?.split(/[\s:]+/).filter((entry) => entry !== "") ?? [];
  for (const entry of entries) {
    const missing = entry.includes("/") && statOrUndefined(entry) === undefined;
    if (missing) {
      findings.push(note("preload", `LD_PRELOAD: ${entry} does not exist`, "the dynamic linker complains and goes on"));
    } else findings.push(note("preload", `LD_PRELOAD: ${entry} is there already`, "unsock run goes in front of it"));
  }
  const system = context.proc.readText("/etc/ld.so.preload")?.trim();
  if (system) {
    findings.push(
      note("preload", `/etc/ld.so.preload: ${system.replace(/\s+/g, " ")}`, "in every program, behind unsock"),
    );
  }
  return findings;
}

/** Reading this table, unlike making a socket, loads no kernel module. */
function familyFindings(protocols: string): Finding[] {
  const find = (name: string, family: string, module: "vsock" | "tipc") =>
    new RegExp(`^${name}\\b`, "m").test(protocols)
      ? ok(module, `${family}: there`)
      : note(module, `${family}: not loaded`, `only control files to ${family} need it: modprobe ${module}`);
  return [find("AF_VSOCK", "AF_VSOCK", "vsock"), find("TIPC", "AF_TIPC", "tipc")];
}

function queueFinding(text: string | undefined): Finding | undefined {
  const length = Number(text);
  if (text === undefined || !(length < 100)) return undefined;
  return note(
    "datagrams",
    `datagrams: ${length + 1} fit into a queue (net.unix.max_dgram_qlen)`,
    "for busy UDP: sysctl net.unix.max_dgram_qlen=512",
  );
}

/**
 * @param command As one would type it behind `unsock run --`.
 * @returns What would happen to it, step by step.
 */
export async function diagnoseCommand(
  command: string,
  context: Context,
  directory: string | undefined,
): Promise<Finding[]> {
  return [
    ...await programFindings(command, context),
    ...environmentFindings(context),
    await socketsFinding(context),
    ...await directoryFindings(context, directory),
  ].filter((finding) => finding !== undefined);
}

async function programFindings(command: string, context: Context): Promise<Finding[]> {
  const searchPath = context.environ.get("PATH");
  try {
    const runner = await ownRunner(context);
    const steps = inspectCommand(command, searchPath, runner);
    const trapped = steps.find(({ door }) => door === "trap");
    const rewriting = trapped && await rewritingFinding(context, trapped.file);
    return [...steps.map(stepFinding), ...rewriting?.level === "note" ? [rewriting] : []];
  } catch (error) {
    return [bad("program", reason(error))];
  }
}

/** What the environment says that changes what a client does. */
function environmentFindings({ environ }: Context): Finding[] {
  const set = SETTING_LIST.map(({ variable }) => ({ variable, value: environ.getFilled(variable) }))
    .filter(({ value }) => value !== undefined).map(({ variable, value }) => `${variable}=${value}`);
  const findings = set.length === 0 ? [] : [ok("environment", `environment: ${printable(set.join(" "))}`)];
  if (environ.getFilled("UNSOCK_OFF") !== "1") return findings;
  return [...findings, note("environment", "UNSOCK_OFF=1: nothing is redirected", "unset UNSOCK_OFF")];
}

function stepFinding({ file, door, why }: ProgramStep): Finding {
  if (door === "none") return bad("program", `${file}: ${why}`, adviceFor(why));
  return ok(
    "program",
    door === "trap" ? `${file}: ${why}; its system calls are trapped, or rewritten` : `${file}: ${why}`,
  );
}

function adviceFor(problem: string): string {
  if (problem.startsWith("made for")) return "use a build for this machine";
  return "run it as the user that it would become";
}
