/** Measures real programs by their own benchmarks, over every variant that a program supports. */
import * as path from "@std/path/posix";
import { assertNoIpListener } from "../../tests/support/net.ts";
import { start } from "../../tests/support/process.ts";
import { findProgram } from "../../tests/support/programs.ts";
import type { Program, Site } from "./program.ts";
import { PROGRAMS } from "./program_list.ts";
import { compare, type Comparison, NATIVE } from "./report.ts";
import { clearOthers, interleave, newPort, output, type Rig, type Variant } from "./rig.ts";

const ROUNDS = 15;
const READY_MS = 15_000;

function withPath([program = "", ...args]: readonly string[]): string[] {
  return [findProgram(program) ?? program, ...args];
}

/**
 * Repeats the command until `isServed` accepts its output: a refused iperf also exits with 0. This warms up client and
 * server, too.
 */
async function untilServed(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  isServed: (printed: string) => boolean,
): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (true) {
    try {
      const printed = await output(command, { env, timeoutMs: READY_MS });
      if (!isServed(printed)) throw new Error(`not served: ${command.join(" ")}\n${printed}`);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Returns the client's variables. A server in front runs outside unsock, and so does its client. */
function clientEnv(program: Program, { env }: Variant): Variant["env"] {
  return program.front ? {} : env;
}

async function startServer(program: Program, site: Site, variant: Variant): Promise<AsyncDisposable> {
  const env = clientEnv(program, variant);
  await Deno.mkdir(site.directory);
  await program.prepare?.(site);
  await using stack = new AsyncDisposableStack();
  const server = stack.use(start(withPath(program.server(site)), { env: { ...variant.env } }));
  if (program.front) stack.use(start(withPath(program.front(site)), { env: {} }));
  try {
    const hasSpeed = (printed: string) => !Number.isNaN(program.parse(printed, site));
    if (program.fill) await untilServed(withPath(program.fill(site)), env, () => true);
    else await untilServed(withPath(program.client(site)), env, hasSpeed);
    if (variant.sockets !== undefined) assertNoIpListener(site.port);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${server.output()}`.trim());
  }
  return stack.move();
}

function makeSite(rig: Rig, program: Program, variant: Variant): Site {
  const directory = path.join(rig.directory, `${program.name}-${rig.variants.indexOf(variant)}`);
  const [port, frontPort, native] = [newPort(), newPort(), variant.name === NATIVE];
  const file = native
    ? path.join(directory, "socket")
    : variant.sockets === undefined
    ? undefined
    : path.join(variant.sockets, `${port}.sock`);
  return { port, frontPort, file, directory, native, quick: rig.quick };
}

async function measureProgram(rig: Rig, program: Program): Promise<Comparison> {
  const { name, title, unit } = program;
  const isMeasured = (variant: Variant) => variant.name !== NATIVE || program.native;
  // The configuration of a server in front names unsock's socket file. Other libraries name their files differently.
  const variants = rig.variants.filter((variant) => isMeasured(variant) && !(program.front && variant.mayFail));
  const rounds = rig.quick ? 1 : ROUNDS;
  const sites = new Map<string, Site>();
  await clearOthers(rig);
  await using servers = new AsyncDisposableStack();
  const { samples, failed, notes } = await interleave(variants, rounds, async (variant, round) => {
    rig.progress(title, `round ${round + 1} of ${rounds}, ${variant.name}`);
    let site = sites.get(variant.name);
    if (!site) {
      site = makeSite(rig, program, variant);
      servers.use(await startServer(program, site, variant));
      sites.set(variant.name, site);
    }
    const printed = await output(withPath(program.client(site)), { env: clientEnv(program, variant) });
    const speed = program.parse(printed, site);
    if (Number.isNaN(speed)) throw new Error(`${name}: no speed in what it printed:\n${printed}`);
    return speed;
  });
  return compare({ name, title, unit, failed, notes }, samples);
}

/** Sets the mode of the directories of socket files: PostgreSQL runs as another user than the benchmark. */
async function openDirectories({ variants }: Rig, mode: number): Promise<void> {
  for (const { sockets } of variants) if (sockets !== undefined) await Deno.chmod(sockets, mode);
}

export async function measurePrograms(rig: Rig): Promise<Comparison[]> {
  await openDirectories(rig, 0o1777);
  const installed = PROGRAMS.filter(({ needs }) => needs.every((program) => findProgram(program) !== undefined));
  const comparisons: Comparison[] = [];
  for (const program of installed) comparisons.push(await measureProgram(rig, program));
  await openDirectories(rig, 0o700);
  return comparisons;
}
