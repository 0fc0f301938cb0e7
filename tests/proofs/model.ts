/**
 * The models of the protocol of a port's names (`port.pml` of streams, `port_udp.pml` of datagram sockets), carried out
 * by Spin: every order of their steps.
 */
import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run } from "../support/process.ts";
import { findProgram } from "../support/programs.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
/**
 * States are compressed without loss. Of orders that differ in nothing that another process can see, Spin takes one;
 * `buildModel` can have it visit all of them.
 */
const FLAGS = ["-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=6000"];
const DEPTH_MOST = 100_000;
/** Places for states, as a power of two: each has room for more. A larger table is slower, as its pages are new. */
const TABLE_BITS = 20;

/** The models, by their protocol. */
export type Model = "port" | "port_udp";

/** What a model's processes do. */
export interface Choice {
  /** A letter for each of three processes, as the model's head says. */
  readonly kinds: string;
  readonly kills: number;
  /** How many calls that make a name, or take the lock, fail; none unless told. */
  readonly fails?: number;
  /** A client in the place of a last bind. */
  readonly client?: boolean;
  /** The rule that is left out, by its name in the model. */
  readonly without?: string;
}

/** Its result. */
export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** The property that failed; undefined: all held, in every state. */
  readonly wrong?: string;
}

/** Spin writes 300,000 lines of C: gcc takes 30 seconds for them as they stand, tcc half a second, and both run alike. */
const COMPILER = findProgram("tcc") === undefined ? ["cc", "-O0"] : ["tcc"];

/**
 * Makes the program that carries a model out.
 *
 * @param dir The directory of a test.
 * @param whole Without partial order reduction.
 * @returns Its path.
 * @throws {Error} with Spin's or the compiler's words.
 */
export async function buildModel(dir: string, model: Model, whole = false): Promise<string> {
  const own = `${dir}/${model}`;
  await Deno.mkdir(own);
  const flags = [...FLAGS, ...(whole ? ["-DNOREDUCE"] : [])];
  for (const command of [["spin", "-a", join(HERE, `${model}.pml`)], [...COMPILER, ...flags, "-o", "pan", "pan.c"]]) {
    const { code, stdout, stderr } = await run(command, { cwd: own, timeoutMs: 900_000 });
    assertEquals([code, stdout], [0, ""], stderr);
  }
  return `${own}/pan`;
}

/** @returns The model's rules that can be left out, and the number of each. */
export async function readMutants(model: Model): Promise<ReadonlyMap<string, string>> {
  const text = await Deno.readTextFile(join(HERE, `${model}.pml`));
  return new Map(
    [...text.matchAll(/^#define (\w+) \(mutant == (\d+)\)$/gm)].map(([, name = "", is = ""]) => [name, is]),
  );
}

/**
 * Visits every state of a choice.
 *
 * @param pan The result of `buildModel` for the model.
 * @param dir A directory of its own.
 * @throws {Error} where that was not all of them.
 */
export async function explore(
  pan: string,
  model: Model,
  dir: string,
  choice: Choice,
  timeoutMs: number,
): Promise<Explored> {
  const mutants = await readMutants(model);
  const mutant = choice.without === undefined ? "0" : mutants.get(choice.without);
  if (mutant === undefined) throw new Error(`${choice.without}: no such rule`);
  const env: Record<string, string> = { KINDS: choice.kinds, KILLS: `${choice.kills}`, MUTANT: mutant };
  if (choice.fails !== undefined) env["FAILS"] = `${choice.fails}`;
  if (choice.client) env["CLIENT"] = "1";
  const { code, stdout, stderr } = await run([pan, `-m${DEPTH_MOST}`, `-w${TABLE_BITS}`, "-n"], {
    cwd: dir,
    env,
    timeoutMs,
  });
  const [, errors] = /, errors: (\d+)$/m.exec(stdout) ?? [];
  const [, states] = /^ *(\d+) states, stored$/m.exec(stdout) ?? [];
  const [, transitions] = /^ *(\d+) transitions/m.exec(stdout) ?? [];
  const [, wrong] = /^pan:\d+: (.*)/m.exec(stdout) ?? [];
  const whole = !/Search not completed|too small|out of memory/.test(stdout);
  if (
    code !== 0 || states === undefined || transitions === undefined || (errors === "0") !== (wrong === undefined) ||
    (!whole && !wrong)
  ) {
    throw new Error(`${choice.kinds}: ${stderr}${stdout}`);
  }
  return { states: Number(states), transitions: Number(transitions), ...(wrong === undefined ? {} : { wrong }) };
}
