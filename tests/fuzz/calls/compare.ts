/** Runs programs over the kernel's TCP and UDP and under the library, and finds the first call with different results. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run } from "../../support/process.ts";
import { shimEnv, shimLibrary } from "../../support/shim.ts";
import { rowOf } from "./differences.ts";
import type { Program } from "./generate.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const BUILD = join(HERE, "..", "..", "..", "build", "fuzz-calls");
const FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"];
const SOURCES = ["interpreter.c", "calls.c"];
const TIMEOUT_MS = 60_000;

/** Ports that programs name; all others are the kernel's choice, and differ. */
const NAMED = /^(0|700\d)$/;

/** How the library reaches the program. */
export type Door = "preload" | "trapped" | "static";
export const DOORS: readonly Door[] = ["preload", "trapped", "static"];

/** A call whose end is another. */
export interface Found {
  /** Index of its line. */
  readonly line: number;
  readonly network: string;
  readonly library: string;
  /** The row in docs/limits.md that says so; undefined: none does. */
  readonly row: string | undefined;
}

/** Compiles the interpreter for both ways to be reached. */
export async function buildInterpreters(): Promise<void> {
  Deno.mkdirSync(BUILD, { recursive: true });
  for (const linking of [[], ["-static"]]) {
    const output = join(BUILD, linking.length === 0 ? "dynamic" : "static");
    const sources = SOURCES.map((name) => join(HERE, name));
    const result = await run(["cc", ...FLAGS, ...linking, "-o", output, ...sources]);
    if (result.code !== 0) throw new Error(result.stderr);
  }
}

function interpreter(door: Door): string {
  return join(BUILD, door === "static" ? "static" : "dynamic");
}

function readResults(output: string): string[] {
  const ports = new Map<string, string>();
  const name = (port: string) => {
    if (NAMED.test(port)) return port;
    const known = ports.get(port) ?? `any${ports.size + 1}`;
    ports.set(port, known);
    return known;
  };
  return output.trimEnd().split("\n").map((line) => line.replace(/(?<=[\d\]]:)\d+/g, name));
}

/** @returns How each call of a program ended over the kernel's TCP and UDP. */
export async function overNetwork(program: Program, door: Door): Promise<string[]> {
  const stdin = `${program.join("\n")}\n`;
  const { stdout, code } = await run([interpreter(door), "network"], { stdin, timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`the interpreter failed: ${stdout}`);
  return readResults(stdout);
}

/** @returns How each call of a program ended under the library. */
export async function underLibrary(program: Program, door: Door): Promise<string[]> {
  const stdin = `${program.join("\n")}\n`;
  const dir = Deno.makeTempDirSync({ prefix: "u" });
  try {
    const env = shimEnv(`${dir}/s`);
    const start = door === "preload" ? [] : [shimLibrary(), "run", "--engine", "trap", "--dir", `${dir}/s`, "--"];
    if (door !== "preload") delete env["LD_PRELOAD"];
    const command = [...start, interpreter(door), "network"];
    const { stdout, code, stderr } = await run(command, { stdin, env, timeoutMs: TIMEOUT_MS });
    if (code !== 0) throw new Error(`the interpreter failed: ${stdout}${stderr}`);
    return readResults(stdout);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** @returns The first call of a program that ends in two ways; undefined: none does. */
export async function firstDifference(program: Program, door: Door): Promise<Found | undefined> {
  const [network, library] = await Promise.all([overNetwork(program, door), underLibrary(program, door)]);
  for (const [line, text] of program.entries()) {
    const [one = "", other = ""] = [network[line], library[line]];
    if (one === other) continue;
    if (one === "hangs") return undefined; // a mistake of the kernel's own
    const before = program.slice(0, line).map((text, i) => ({ line: text, result: network[i] ?? "" }));
    const row = rowOf({ line: text, network: one, library: other, before });
    return { line, network: one, library: other, row };
  }
  return undefined;
}
