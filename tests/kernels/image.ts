/** The guest's file system: the library, the probes, what they need of a C library, and the first process. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { build } from "../../scripts/build.ts";
import { buildProbe } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { cpio, type Entry } from "../vm/cpio.ts";
import { type Case, LIBRARY, programName, type Run, USERS } from "./cases.ts";
import type { Machine } from "./series.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const ROOT = join(HERE, "..", "..");
const FLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"];

/** glibc opens the second one when a thread is cancelled. */
function withCancel(directory: string): string[] {
  return ["libc.so.6", "libgcc_s.so.1"].map((name) => `${directory}/${name}`);
}

/** The compiler for a machine, and the files of its C library. */
const COMPILERS: Readonly<Record<Machine, { compiler: string; prefix: string; files: string[] }>> = {
  x86_64: {
    compiler: "cc",
    prefix: "",
    files: ["lib64/ld-linux-x86-64.so.2", ...withCancel("lib/x86_64-linux-gnu")],
  },
  aarch64: {
    compiler: "aarch64-linux-gnu-gcc",
    prefix: "/usr/aarch64-linux-gnu",
    files: ["lib/ld-linux-aarch64.so.1", ...withCancel("lib")],
  },
};

/** When a probe gives itself up: emulated, everything takes longer. */
const PROBE_SECONDS = 240;

/** Programs that probes execute: they are looked at as any other. */
const TRUE = "int main(void) { return 0; }\n";

/**
 * Makes the initial file system.
 *
 * @param machine The machine to compile for.
 * @param shell Its /bin/sh.
 * @param cases The cases for the guest to run.
 * @param directory Where compiled programs and the archive go.
 * @returns The archive's path.
 */
export async function makeImage(
  machine: Machine,
  shell: string,
  cases: readonly Case[],
  directory: string,
): Promise<string> {
  const { prefix, files } = COMPILERS[machine];
  const [library = ""] = await build(machine === "x86_64" ? [] : [`--target=${machine}`]);
  await Deno.writeTextFile(join(directory, "true.c"), TRUE);
  const entries: Entry[] = [
    await file("init", await compile(machine, join(HERE, "guest", "init.c"), join(directory, "init"), ["-static"])),
    await file("bin/true", await compile(machine, join(directory, "true.c"), join(directory, "true"))),
    await file("bin/sh", shell),
    await file(LIBRARY.slice(1), join(ROOT, library)),
    { kind: "link", path: "usr/bin", target: "../bin" },
    ...await Promise.all(files.map((path) => file(path, join(prefix, "/", path)))),
    ...await programs(machine, cases),
    { kind: "file", path: "runs", mode: 0o644, bytes: new TextEncoder().encode(listOf(cases)) },
    ...["dev", "proc", "sys", "tmp"].map((path) => ({ kind: "directory", path }) as const),
  ];
  const archive = join(directory, "initramfs");
  await Deno.writeFile(archive, cpio(entries));
  return archive;
}

async function programs(machine: Machine, cases: readonly Case[]): Promise<Entry[]> {
  const wanted = new Map(cases.map((one) => [programName(one.probe, one.door), one]));
  const entries: Entry[] = [];
  for (const [name, { probe, door, options }] of wanted) {
    const flags = [...options.flags ?? [], `-DPROBE_SECONDS=${PROBE_SECONDS}`];
    entries.push(await file(`probes/${name}`, await buildProbe(probe, flags, door, COMPILERS[machine].compiler)));
  }
  return entries;
}

/** The list that the guest reads: case N's runs are 2N, over TCP and UDP, and 2N + 1. */
function listOf(cases: readonly Case[]): string {
  const line = (number: number, { user, env, command }: Run) => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return [number, USERS[user], ...variables, "--", ...command].join("\t") + "\n";
  };
  return cases.map(({ plain, under }, i) => line(2 * i, plain) + line(2 * i + 1, under)).join("");
}

async function compile(machine: Machine, source: string, output: string, flags: string[] = []): Promise<string> {
  const command = [COMPILERS[machine].compiler, ...FLAGS, ...flags, "-o", output, source];
  const { code, stderr } = await run(command);
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  return output;
}

async function file(path: string, source: string): Promise<Entry> {
  return { kind: "file", path, mode: 0o755, bytes: await Deno.readFile(source) };
}
