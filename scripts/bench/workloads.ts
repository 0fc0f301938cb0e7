/** Runs the C workloads of `bench/` over every variant. */
import { localOnes } from "./local.ts";
import { compare, type Comparison } from "./report.ts";
import { clearOthers, interleave, newPort, output, type Rig, type Variant } from "./rig.ts";

/** The output of one run of `bench/workload.c`. */
export interface WorkloadRun {
  readonly count: number;
  readonly seconds: number;
  readonly clientMemory?: number;
  readonly serverMemory?: number;
}

interface Workload {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** The amount that each of `count` repetitions adds to the result: 1, or for MB/s the megabytes that it moves. */
  readonly worth: number;
  readonly count: number;
  readonly rounds: number;
}

/** Many short rounds, so that a disturbance spoils one round, but not the median. */
const WORKLOADS: readonly Workload[] = [
  { name: "bulk", title: "Throughput", unit: "MB/s", worth: (128 << 10) / 1e6, count: 1500, rounds: 101 },
  { name: "round-trips", title: "Round trips of 64 bytes", unit: "per second", worth: 1, count: 3000, rounds: 101 },
  { name: "connections", title: "Connect, accept, close", unit: "per second", worth: 1, count: 4096, rounds: 101 },
  { name: "datagrams", title: "Datagram round trips", unit: "per second", worth: 1, count: 3000, rounds: 101 },
  { name: "held", title: "10,000 connections at once", unit: "per second", worth: 1, count: 10_000, rounds: 15 },
  { name: "listeners", title: "Bind, listen, close", unit: "per second", worth: 1, count: 1000, rounds: 51 },
  {
    name: "datagram-clients",
    title: "UDP client: socket to close",
    unit: "per second",
    worth: 1,
    count: 1000,
    rounds: 51,
  },
  { name: "forks", title: "Fork and _exit, 1,000 connections", unit: "per second", worth: 1, count: 100, rounds: 51 },
];

/** The address of the work under unsock while other sockets are held. The other sockets have the ports after it. */
const CROWDED = "127.0.0.1:10001";

/** Returns an address of 127.77.0.0/16 at random, as other measurements may run at the same time. */
function ownAddress(): string {
  const [third = 0, fourth = 0] = crypto.getRandomValues(new Uint8Array(2));
  return `127.77.${third}.${fourth}:10001`;
}

export interface Place {
  readonly transport: Variant["transport"];
  readonly env: Readonly<Record<string, string>>;
  /** True for a library to compare with. A library of another project may redirect 127.0.0.1 alone. */
  readonly mayFail?: boolean;
  /** Words before the command, such as `strace`. */
  readonly prefix?: readonly string[];
  /** How many other sockets are held during the work; for "askers", how many clients never read. */
  readonly held?: number;
  /** How many processes hold these sockets. By default the workload itself does. */
  readonly holders?: number;
  /** Whether both ends may run on different processors. */
  readonly free?: boolean;
}

/**
 * Runs a workload once.
 *
 * @param count How often the unit of work is done.
 * @throws {Error} When the workload fails, or takes too long.
 */
export async function runWorkload(rig: Rig, name: string, count: number, place: Place): Promise<WorkloadRun> {
  const { transport, env, mayFail = false, prefix = [], free = false, held = 0, holders = 0 } = place;
  // Many ports in a row are surely free only in a directory or on an address that nobody else uses.
  const crowded = "UNSOCK_DIR" in env ? CROWDED : ownAddress();
  const address = held > 0 && !mayFail ? crowded : `127.0.0.1:${newPort()}`;
  const where = transport === "unix" ? `${rig.sockets}/unix` : address;
  // "pinned" also raises the priority. A quick run, beside other tests, does without.
  const pinned = free || rig.quick ? [] : ["pinned"];
  const command = [...prefix, rig.workload, name, transport, where, `${count}`, `${held}`, `${holders}`, ...pinned];
  return JSON.parse(await output(command, { env }));
}

export async function measureWorkloads(rig: Rig): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const { name, title, unit, worth, count, rounds } of WORKLOADS) {
    const wanted = rig.quick ? Math.ceil(count / 20) : count;
    let done = wanted;
    await clearOthers(rig);
    const local = await localOnes(rig.variants, async (variant, prefix) => {
      rig.progress(title, `without a network, ${variant.name}`);
      await runWorkload(rig, name, Math.ceil(count / 20), { ...variant, prefix, free: true });
    });
    const { samples, ...tried } = await interleave(local.variants, rig.quick ? 2 : rounds, async (variant, round) => {
      rig.progress(title, `round ${round + 1} of ${rig.quick ? 2 : rounds}, ${variant.name}`);
      const run = await runWorkload(rig, name, wanted, variant);
      done = run.count;
      return run.count * worth / run.seconds;
    });
    const [failed, notes] = [[...local.failed, ...tried.failed], [...local.notes, ...tried.notes]];
    if (done < wanted) notes.push(`${done} instead of ${wanted}, by the limit of open files`);
    comparisons.push(compare({ name, title, unit, failed, notes }, samples));
  }
  return comparisons;
}
