/** The checks of `unsock doctor`: the machine, the settings, a command. */
import * as path from "@std/path/posix";
import * as fs from "node:fs";
import * as os from "node:os";
import { type Answer, type Library, VERSION_QUESTION } from "../library/query.ts";
import { type AddressedPort, portQuestion } from "../run/ports.ts";
import {
  type CheckedDirectory,
  DIRECTORY_QUESTION,
  HOLDS_QUESTION,
  MAY_BIND_QUESTION,
  type PlaceOptions,
  SETTINGS_QUESTION,
} from "../run/run_settings.ts";
import { inspectCommand, type ProgramStep } from "../run/program.ts";
import { SETTING_LIST } from "../run/settings.ts";
import { ownLibrary } from "../run/own_library.ts";
import { findShim } from "../run/shim.ts";
import { effectiveUser } from "../system/users.ts";
import { LENGTHEN_QUEUE, shortDatagramQueue } from "../sockets/datagram_queue.ts";
import { namesQuestion } from "../sockets/socket_names.ts";
import { SOCKETS_QUESTION } from "../sockets/unix_sockets.ts";
import type { Context } from "../system/context.ts";
import { reason } from "../system/errors.ts";
import { lstatOrUndefined, readText, statOrUndefined } from "../system/files.ts";
import { printable } from "../system/text.ts";
import { userName } from "../system/users.ts";
import { VERSION } from "../system/version.ts";
import { bad, type Finding, note, ok } from "./finding.ts";
import { findPort, portFindings } from "./diagnosis_ports.ts";
import { askAboutPort, factsOfPort, type PortAnswers, unreadSetting, whyNot } from "./port_facts.ts";
import { judgePort } from "./port_verdict.ts";
import { mayAccess } from "../run/access.ts";
import { rewritingFinding } from "./rewriting.ts";

const { W_OK, X_OK } = fs.constants;

/** @returns Findings about this machine and the settings in the environment. */
export function diagnoseMachine(context: Context, place: PlaceOptions): Finding[] {
  const library = libraryOrReason(context);
  return withoutRepetition([
    kernelFinding(os.release()),
    ...libraryFindings(context, library, place),
    ...directoryFindings(library, place),
    ...preloadFindings(context),
    ...familyFindings(readText("/proc/net/protocols") ?? ""),
    queueFinding(shortDatagramQueue()),
  ].filter((finding) => finding !== undefined));
}

/** Leaves out failures for a reason that another failure has: an unreadable setting, say, or a missing library. */
function withoutRepetition(findings: readonly Finding[]): Finding[] {
  const reasons = new Set<string>();
  return findings.filter(({ level, text }) => {
    const why = text.replace(/^(settings|directory): /, "");
    return level !== "FAIL" || (!reasons.has(why) && reasons.add(why));
  });
}

/** Returns the library, or why there is none. */
function libraryOrReason(context: Context): Library | string {
  try {
    return ownLibrary(context);
  } catch (error) {
    return reason(error);
  }
}

/** Findings about the library. Without one, the rest cannot be checked. */
function libraryFindings(context: Context, library: Library | string, place: PlaceOptions): Finding[] {
  if (typeof library === "string") return [bad("library", library)];
  const [settings, mayBind, version] = library.askAll([SETTINGS_QUESTION, MAY_BIND_QUESTION, VERSION_QUESTION], place);
  const found = [settingsFinding(settings)];
  try {
    const { file, forEverybody } = findShim(undefined, context.environ);
    return [
      ...found,
      libraryFinding(file, version(), forEverybody),
      socketsFinding(mayBind),
      rewritingFinding(context, library, file),
    ];
  } catch (error) {
    return [...found, bad("library", reason(error)), socketsFinding(mayBind)];
  }
}

function socketsFinding(answer: Answer<true>): Finding {
  try {
    answer();
    return ok("sockets", "sockets: AF_UNIX sockets may be made and bound");
  } catch (error) {
    return bad("sockets", reason(error));
  }
}

/** @returns The finding about the kernel's release. Linux 5.10 is the oldest supported one. */
export function kernelFinding(release: string): Finding {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const isNew = major > 5 || (major === 5 && minor >= 10);
  return isNew
    ? ok("kernel", `Linux ${release}`)
    : note("kernel", `Linux ${release}: older than 5.10`, "untested: run unsock self-test");
}

function settingsFinding(answer: Answer<unknown>): Finding {
  try {
    answer();
    return ok("settings", "settings: every UNSOCK_ variable in the environment can be read");
  } catch (error) {
    const why = reason(error);
    const advice = why.startsWith("--") ? undefined : "every program that preloads the library ends with this line";
    return bad("settings", `settings: ${why}`, advice);
  }
}

function libraryFinding(file: string, version: string, forEverybody: boolean): Finding {
  if (version !== VERSION) {
    return bad("library", `library ${file}: version ${version}`, `this is unsock ${VERSION}: use its own`);
  }
  if (forEverybody) return ok("library", `library ${file}: version ${version}`);
  const advice =
    "a program that becomes another user is not redirected: use --lib with a copy that every user can read";
  return note("library", `library ${file}: version ${version}, only root can read it`, advice);
}

const DIRECTORY_QUESTIONS = [DIRECTORY_QUESTION, HOLDS_QUESTION, namesQuestion(), SOCKETS_QUESTION] as const;

function directoryFindings(library: Library | string, place: PlaceOptions): Finding[] {
  if (typeof library === "string") return [bad("directory", `directory: ${library}`)];
  try {
    const [directory, holds, names, sockets] = library.askAll(DIRECTORY_QUESTIONS, place);
    return findingsIn({ directory, holds, names, sockets }, library);
  } catch (error) {
    return [bad("directory", `directory: ${reason(error)}`)];
  }
}

/** @throws {UnsockError} When the setting that names the directory cannot be read. */
function findingsIn(
  { directory, holds, names, sockets }: Pick<PortAnswers, "directory" | "holds" | "names" | "sockets">,
  library: Library,
  port?: AddressedPort,
): Finding[] {
  const chosen = directory();
  return [
    directoryFinding(chosen, library, holds),
    ...portFindings(chosen, { library, names, sockets: sockets(), port }),
  ];
}

function directoryFinding(directory: CheckedDirectory, library: Library, holds: Answer<true>): Finding {
  const status = statOrUndefined(directory.path);
  if (directory.problem !== undefined) return bad("directory", directory.problem);
  if (status === undefined) return missingFinding(directory.path, library);
  const cannotHold = whyNot(holds);
  if (cannotHold !== undefined) {
    return bad("directory", cannotHold, "servers need another --dir; clients can connect in this one");
  }
  const mode = (status.mode & 0o7777).toString(8).padStart(4, "0");
  if ((status.mode & 0o022) !== 0) {
    return note(
      "directory",
      `directory ${directory.path}: mode ${mode}`,
      "anyone with write permission can answer in place of a server",
    );
  }
  const isOurs = status.uid === effectiveUser();
  const owner = isOurs ? "yours" : `${userName(status.uid)}'s`;
  if (mayAccess(library, directory.path, W_OK | X_OK)) {
    return ok("directory", `directory ${directory.path}: ${owner}, mode ${mode}`);
  }
  const text = `directory ${directory.path}: ${owner}, mode ${mode}: you may not write to it`;
  return isOurs
    ? bad("directory", text, `no server can make its socket there: chmod u+rwx ${directory.path}, or another --dir`)
    : note(
      "directory",
      text,
      "clients may connect to files whose mode lets them; servers need another --dir",
    );
}

/** Reports a missing directory: `run` makes it, but none of its parents (`c/process/run_directory.c`). */
function missingFinding(directory: string, library: Library): Finding {
  const parent = path.dirname(directory);
  const text = `directory ${directory}: cannot be made`;
  if (lstatOrUndefined(directory) !== undefined) return bad("directory", `${text}: it is a dangling link`);
  if (mayAccess(library, parent, W_OK | X_OK)) {
    return ok("directory", `directory ${directory}: will be made, for you alone`);
  }
  if (statOrUndefined(parent) === undefined && mayAccess(library, existingAbove(parent), X_OK)) {
    return bad(
      "directory",
      `${text}: ${parent} does not exist`,
      `make it first, mkdir -p ${parent}, or name another with --dir`,
    );
  }
  const advice = `name another with --dir, or let root make it, install -d -o ${effectiveUser()} -m 700 ${directory}`;
  return bad("directory", `${text}: you may not make it in ${parent}`, advice);
}

function existingAbove(directory: string): string {
  return statOrUndefined(directory) === undefined && directory !== "/"
    ? existingAbove(path.dirname(directory))
    : directory;
}

/**
 * @returns Findings about one port from the directory, the kernel and other directories; the last one is the verdict:
 * whether a client of this user, started from this shell, is answered.
 */
export function diagnosePort(text: string, context: Context, place: PlaceOptions): Finding[] {
  const library = libraryOrReason(context);
  if (typeof library === "string") return [bad("verdict", library, "name the library with --lib, or UNSOCK_LIB")];
  const port = library.ask(portQuestion(text));
  try {
    const asked = askAboutPort(port, library, place);
    const unread = whyNot(asked.directory);
    if (unread !== undefined) return [...environmentFindings(context), bad("verdict", ...unreadSetting(unread))];
    return [
      ...environmentFindings(context),
      socketsFinding(asked.mayBind),
      ...findingsIn(asked, library, port),
      verdictFinding(port, asked, library, context),
    ];
  } catch (error) {
    return [...environmentFindings(context), bad("verdict", reason(error))];
  }
}

function verdictFinding(port: AddressedPort, asked: PortAnswers, library: Library, context: Context): Finding {
  const found = findPort(asked.directory(), port, { library, names: asked.names, sockets: asked.sockets(), port });
  const { answered, text, advice } = judgePort(factsOfPort(found, asked, library, context));
  return answered ? ok("verdict", text) : bad("verdict", text, advice);
}

function preloadFindings(context: Context): Finding[] {
  const findings: Finding[] = [];
  const entries = context.environ.getFilled("LD_PRELOAD")?.split(/[\s:]+/).filter((entry) => entry !== "") ?? [];
  for (const entry of entries) {
    const missing = entry.includes("/") && statOrUndefined(entry) === undefined;
    if (missing) {
      findings.push(note("preload", `LD_PRELOAD: ${entry} does not exist`, "the dynamic linker warns and ignores it"));
    } else findings.push(note("preload", `LD_PRELOAD: has ${entry} already`, "unsock run puts its library before it"));
  }
  const system = readText("/etc/ld.so.preload")?.trim();
  if (system) {
    findings.push(
      note(
        "preload",
        `/etc/ld.so.preload: ${system.replace(/\s+/g, " ")}`,
        "every program loads it, after unsock's library",
      ),
    );
  }
  return findings;
}

/** Reading this table, unlike making a socket, loads no kernel module. */
function familyFindings(protocols: string): Finding[] {
  const find = (name: string, family: string, module: "vsock" | "tipc") =>
    new RegExp(`^${name}\\b`, "m").test(protocols)
      ? ok(module, `${family}: available`)
      : note(module, `${family}: not loaded`, `only control files to ${family} need it: modprobe ${module}`);
  return [find("AF_VSOCK", "AF_VSOCK", "vsock"), find("TIPC", "AF_TIPC", "tipc")];
}

function queueFinding(length: number | undefined): Finding | undefined {
  return length === undefined ? undefined : note(
    "datagrams",
    `datagrams: a queue holds ${length} (net.unix.max_dgram_qlen)`,
    `for busy UDP, before its servers start: ${LENGTHEN_QUEUE}`,
  );
}

/**
 * @param command As one would type it behind `unsock run --`.
 * @returns Findings on each step of its start.
 */
export function diagnoseCommand(
  command: string,
  context: Context,
  place: PlaceOptions,
): Finding[] {
  const library = libraryOrReason(context);
  if (typeof library === "string") return [bad("program", library), ...environmentFindings(context)];
  const [settings, mayBind] = library.askAll([SETTINGS_QUESTION, MAY_BIND_QUESTION], place);
  return withoutRepetition([
    ...programFindings(command, context, library),
    ...environmentFindings(context),
    ...[settingsFinding(settings)].filter(({ level }) => level !== "ok"), // the variables themselves are shown already
    socketsFinding(mayBind),
    ...directoryFindings(library, place),
  ]);
}

function programFindings(command: string, context: Context, library: Library): Finding[] {
  try {
    const steps = inspectCommand(command, library);
    const trapped = steps.find(({ door }) => door === "trap");
    const rewriting = trapped && rewritingFinding(context, library, trapped.file);
    return [...steps.map(stepFinding), ...rewriting?.level === "note" ? [rewriting] : []];
  } catch (error) {
    return [bad("program", reason(error))];
  }
}

/** Lists the variables that change what a client does. */
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
