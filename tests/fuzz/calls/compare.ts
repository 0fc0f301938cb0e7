/** Runs programs over the kernel's TCP and UDP and under the library, and finds the first call with different results. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { encodeControlFile, type Target } from "../../../lib/control/format.ts";
import { portFile } from "../../../lib/run/ports.ts";
import { musl } from "../../libcs/targets.ts";
import { compileWhole } from "../../support/compile.ts";
import { run } from "../../support/process.ts";
import { need } from "../../support/programs.ts";
import { libraryEnv, libraryFile } from "../../support/library.ts";
import { rowOf } from "./differences.ts";
import type { Program } from "./generate.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const BUILD = join(HERE, "..", "..", "..", "build", "fuzz-calls");
const FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"];
const SOURCES = ["interpreter.c", "calls.c", "arguments.c", "open.c", "waits.c", "data.c", "descriptors.c"];
const TIMEOUT_MS = 60_000;

/** Ports that programs name; all others are the kernel's choice, and differ. */
const NAMED = /^(0|700\d)$/;

/** How the library reaches the program: preloaded, or with its calls trapped or rewritten; with glibc or musl. */
const WAYS = {
  preload: { program: "dynamic", isPreloaded: true },
  trapped: { program: "dynamic", isPreloaded: false },
  static: { program: "static", isPreloaded: false },
  musl: { program: "musl", isPreloaded: true },
  "musl-static": { program: "musl-static", isPreloaded: false },
} as const;
export type Door = keyof typeof WAYS;
const HAS_MUSL = need("musl-gcc");
export const DOORS: readonly Door[] = HAS_MUSL
  ? ["preload", "trapped", "static", "musl", "musl-static"]
  : ["preload", "trapped", "static"];

/** A call whose end is another. */
export interface Found {
  /** Index of its line. */
  readonly line: number;
  readonly network: string;
  readonly library: string;
  /** The row in docs/limits.md that says so; undefined: none does. */
  readonly row: string | undefined;
}

/** Compiles the interpreter for each libc, and for both ways to be linked. */
export async function buildInterpreters(): Promise<void> {
  const compilers = [["cc"], ...HAS_MUSL ? [(await musl()).compiler] : []];
  for (const compiler of compilers) {
    for (const linking of [[], ["-static"]]) {
      const libc = compiler.length > 1 ? "musl" : "";
      const name = [libc, linking.length > 0 ? "static" : ""].filter((word) => word !== "").join("-") || "dynamic";
      const sources = SOURCES.map((name) => join(HERE, name));
      await compileWhole(join(BUILD, name), [...compiler, ...FLAGS, ...linking, ...sources]);
    }
  }
}

function interpreter(door: Door): string {
  return join(BUILD, WAYS[door].program);
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

/** Makes the control files that a program's first lines name: `- control 7003 unix`, `- control 7003/udp refuse`. */
function makeControlFiles(program: Program, directory: string, plain: string): void {
  for (const line of program) {
    const [, port = "", udp, kind] = /^- control (\d+)(\/udp)? (unix|refuse)$/.exec(line) ?? [];
    if (kind === undefined) continue;
    const name = new TextEncoder().encode(join(plain, `${port}${udp === undefined ? "" : ".udp"}`));
    const target: Target = kind === "refuse" ? { kind } : { kind: "unix", abstract: false, name };
    const file = portFile(directory, { number: Number(port), kind: udp === undefined ? "stream" : "datagram" });
    Deno.writeFileSync(file, encodeControlFile({ target, socketOptions: [] }));
  }
}

/**
 * @param library The absolute path of the library.
 * @returns How each call of a program ended under the library.
 */
export async function underLibrary(program: Program, door: Door, library = libraryFile()): Promise<string[]> {
  const stdin = `${program.join("\n")}\n`;
  const dir = Deno.makeTempDirSync({ prefix: "u" });
  const [sockets, plain] = [join(dir, "s"), join(dir, "p")];
  try {
    for (const one of [sockets, plain]) Deno.mkdirSync(one, { mode: 0o700 });
    makeControlFiles(program, sockets, plain);
    const isShared = program.includes("- shared");
    if (isShared) Deno.chmodSync(sockets, 0o1777);
    const env = libraryEnv(sockets, { FUZZ_PLAIN: plain, FUZZ_LIBRARY: library, LD_PRELOAD: library });
    if (isShared) env["UNSOCK_TRUST"] = "1";
    const { isPreloaded } = WAYS[door];
    if (!isPreloaded) delete env["LD_PRELOAD"];
    const start = isPreloaded
      ? []
      : [library, "run", "--engine", "trap", "--dir", sockets, ...isShared ? ["--force"] : [], "--"];
    const command = [...start, interpreter(door), "network"];
    const { stdout, code, stderr } = await run(command, { stdin, env, timeoutMs: TIMEOUT_MS });
    if (code !== 0) throw new Error(`the interpreter failed: ${stdout}${stderr}`);
    return readResults(stdout);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** @returns The first call of a program that ends in two ways; undefined: none does. */
export async function firstDifference(program: Program, door: Door, file?: string): Promise<Found | undefined> {
  const [network, library] = await Promise.all([overNetwork(program, door), underLibrary(program, door, file)]);
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
