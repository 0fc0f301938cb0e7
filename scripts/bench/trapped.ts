/**
 * Measures programs whose calls are rewritten, as preloading does not reach them: a static one, and an HTTP program in
 * Go.
 */
import * as path from "@std/path/posix";
import { findProgram } from "../../tests/support/programs.ts";
import { compare, type Comparison, type Count, LOOPBACK, NATIVE, UNSOCK } from "./report.ts";
import {
  compile,
  COMPILE_FLAGS,
  interleave,
  newPort,
  output,
  type Rig,
  ROOT,
  type Variant,
  WORKLOAD_SOURCES,
} from "./rig.ts";
import { quantile } from "./stats.ts";
import type { WorkloadRun } from "./workloads.ts";

/**
 * Returns the rig's native, loopback and unsock variants. The unsock variant has no LD_PRELOAD, since `unsock run`
 * starts its program, and it has a directory of its own, which `run` makes.
 */
function variantsOf(rig: Rig): Variant[] {
  const directory = path.join(rig.sockets, "trapped");
  return rig.variants.filter(({ name }) => [NATIVE, LOOPBACK, UNSOCK].includes(name)).map((variant) => {
    const { LD_PRELOAD: _, ...env } = variant.env;
    return { ...variant, env: env["UNSOCK_DIR"] === undefined ? env : { ...env, UNSOCK_DIR: directory } };
  });
}

async function runProgram(rig: Rig, variant: Variant, command: readonly string[]): Promise<WorkloadRun> {
  const prefix = variant.name === UNSOCK ? [rig.library, "run", "--"] : [];
  return JSON.parse(await output([...prefix, ...command], { env: variant.env }));
}

/** Measures a call that the library answers, in microseconds: natively, and in a static program under unsock. */
async function measureCall(rig: Rig, program: string): Promise<Count> {
  const [native, , unsock] = variantsOf(rig) as [Variant, Variant, Variant];
  const count = rig.quick ? 1_000 : 20_000;
  rig.progress("A call of a static program");
  const { samples } = await interleave([native, unsock], rig.quick ? 2 : 51, async (variant) => {
    const where = variant === native ? ["unix", `${rig.sockets}/unix`] : ["inet", `127.0.0.1:${newPort()}`];
    const run = await runProgram(rig, variant, [program, "names", ...where, `${count}`, "0", "pinned"]);
    return run.seconds / run.count * 1e6;
  });
  const [without = [], rewritten = []] = [...samples.values()];
  return {
    name: "trapped-call",
    title: "A call that the library answers (getsockname), native and in a static program",
    unit: "µs",
    without: quantile(without, 0.5),
    with: quantile(rewritten, 0.5),
  };
}

async function measureConnections(rig: Rig, program: string): Promise<Comparison> {
  const title = "A static program: connect, accept, close";
  const count = rig.quick ? 200 : 4096;
  rig.progress(title);
  const { samples, notes } = await interleave(variantsOf(rig), rig.quick ? 2 : 51, async (variant) => {
    const where = variant.transport === "unix" ? `${rig.sockets}/unix` : `127.0.0.1:${newPort()}`;
    const command = [program, "connections", variant.transport, where, `${count}`, "0", "pinned"];
    const run = await runProgram(rig, variant, command);
    return run.count / run.seconds;
  });
  return compare({ name: "static", title, unit: "per second", notes }, samples);
}

async function measureGo(rig: Rig, go: string): Promise<Comparison> {
  const title = "HTTP in Go, a connection each";
  const program = path.join(rig.directory, "http");
  const count = rig.quick ? 50 : 2_000;
  rig.progress(title);
  await output([go, "build", "-o", program, path.join(ROOT, "bench", "http.go")], {
    env: { CGO_ENABLED: "0", GOCACHE: path.join(ROOT, "build", "gocache"), GOFLAGS: "-mod=mod" },
    timeoutMs: 400_000,
  });
  const ways = variantsOf(rig).filter(({ transport }) => transport === "inet");
  const { samples, notes } = await interleave(ways, rig.quick ? 2 : 31, async (variant) => {
    const run = await runProgram(rig, variant, [program, `127.0.0.1:${newPort()}`, `${count}`]);
    return run.count / run.seconds;
  });
  return compare({ name: "go-http", title, unit: "requests/s", notes }, samples);
}

/** Measures trapped programs. Measures Go's program only if Go is installed. */
export async function measureTrapped(rig: Rig): Promise<{ comparisons: Comparison[]; counts: Count[] }> {
  const program = await compile(path.join(rig.directory, "static"), WORKLOAD_SOURCES, [...COMPILE_FLAGS, "-static"]);
  const go = findProgram("go");
  const comparisons = [await measureConnections(rig, program), ...go === undefined ? [] : [await measureGo(rig, go)]];
  return { comparisons, counts: [await measureCall(rig, program)] };
}
