/** Measures how the cost of a unit of work grows with the number of existing sockets, files or processes. */
import { LOOPBACK, NATIVE, UNSOCK } from "./report.ts";
import type { Rig, Variant } from "./rig.ts";
import { quantile } from "./stats.ts";
import { type Place, runWorkload } from "./workloads.ts";

/**
 * The time of a unit of work while `many` sockets, files or processes exist: the median of some rounds, by the name of
 * the way.
 */
export interface Point {
  readonly many: number;
  readonly microseconds: Readonly<Record<string, number>>;
}

export interface Curve {
  readonly name: string;
  readonly title: string;
  readonly points: readonly Point[];
}

/** Returns how many sockets a process may hold: the hard RLIMIT_NOFILE, less the descriptors for other things. */
async function descriptors(): Promise<number> {
  const limits = await Deno.readTextFile("/proc/self/limits");
  const hard = Number(limits.match(/^Max open files\s+\S+\s+(\d+)/m)?.[1] ?? 1024);
  return Math.floor((hard - UNITS - 100) / 100) * 100;
}

interface Measured {
  readonly name: string;
  readonly title: string;
  readonly many: readonly number[];
  /** True if one process holds all sockets: then its limit of descriptors bounds `many`. */
  readonly ofOne: boolean;
  /** True if native AF_UNIX can do the same work. */
  readonly natively: boolean;
  readonly seconds: (rig: Rig, many: number, way: Variant) => Promise<number>;
}

const ROUNDS = 7;
const DECADES = [1, 10, 100, 1000, 10_000];
/** A pair of addresses has hardly more ephemeral ports than 25,000: 28,232 by default (ip_local_port_range). */
const CONNECTIONS = [...DECADES, 25_000];
/** The sockets' ports follow port 10,001 (`workloads.ts`), and end below 65,536. */
const SOCKETS = [...DECADES, 30_000];
const PROCESSES = [1, 10, 100, 1000, 4000];
const UNITS = 500;
/** How many sockets each process holds if many processes hold them. */
const SHARE = 100;

async function once(rig: Rig, workload: string, count: number, place: Place): Promise<number> {
  const run = await runWorkload(rig, workload, count, place);
  return run.seconds / run.count;
}

function withHeld(workload: string, title: string, spread: boolean): Measured {
  return {
    name: `${workload}-${spread ? "spread" : "held"}`,
    title: `${title}, of ${spread ? `processes with ${SHARE} each` : "one process"}`,
    many: SOCKETS,
    ofOne: !spread,
    natively: true,
    seconds: (rig, many, way) =>
      once(rig, workload, UNITS, { ...way, held: many, holders: spread ? Math.ceil(many / SHARE) : 0 }),
  };
}

/**
 * Measures a UDP client from socket() to close() beside stale files. Only unsock has such files: over loopback there
 * are none.
 */
async function besideStale(rig: Rig, many: number, way: Variant): Promise<number> {
  if (way.name === UNSOCK) await runWorkload(rig, "leavings", many, way);
  try {
    return await once(rig, "datagram-clients", UNITS, way);
  } finally {
    if (way.name === UNSOCK) await empty(way.env["UNSOCK_DIR"] ?? "");
  }
}

async function empty(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) await Deno.remove(`${directory}/${name}`);
}

const MEASURED: readonly Measured[] = [
  {
    name: "connections",
    title: "One of so many connections: opened, asked once, closed",
    many: CONNECTIONS,
    ofOne: true,
    natively: true,
    seconds: (rig, many, way) => once(rig, "held", many, way),
  },
  withHeld("listeners", "Bind, listen, close beside so many sockets", false),
  withHeld("listeners", "Bind, listen, close beside so many sockets", true),
  withHeld("datagram-clients", "A UDP client's life beside so many sockets", false),
  withHeld("datagram-clients", "A UDP client's life beside so many sockets", true),
  {
    name: "stale",
    title: "A UDP client's life beside so many stale files",
    many: CONNECTIONS,
    ofOne: true,
    natively: false,
    seconds: besideStale,
  },
  {
    name: "starts",
    title: "One of so many processes that start at once",
    many: PROCESSES,
    ofOne: false,
    natively: false,
    seconds: (rig, many, way) =>
      once(rig, "starts", many, { ...way, env: { ...way.env, BENCH_PROGRAM: rig.emptyProgram } }),
  },
];

async function measurePoint(rig: Rig, { title, seconds, natively }: Measured, many: number): Promise<Point> {
  const names = [LOOPBACK, UNSOCK, ...natively ? [NATIVE] : []];
  const ways = rig.variants.filter(({ name }) => names.includes(name));
  const samples: Record<string, number[]> = {};
  for (let round = 0; round < (rig.quick ? 1 : ROUNDS); round++) {
    for (const way of ways) {
      rig.progress(title, `${many}, ${way.name}`);
      (samples[way.name] ??= []).push(await seconds(rig, many, way) * 1e6);
    }
  }
  const medians = Object.entries(samples).map(([name, values]) => [name, quantile(values, 0.5)]);
  return { many, microseconds: Object.fromEntries(medians) };
}

/** Measures all curves. With `rig.quick`, leaves out the points of more than 100 sockets, files or processes. */
export async function measureCurves(rig: Rig): Promise<Curve[]> {
  const curves: Curve[] = [];
  const most = await descriptors();
  for (const measured of MEASURED) {
    const points: Point[] = [];
    const possible = measured.ofOne ? measured.many.map((many) => Math.min(many, most)) : measured.many;
    for (const many of new Set(possible.filter((many) => !rig.quick || many <= 100))) {
      points.push(await measurePoint(rig, measured, many));
    }
    curves.push({ name: measured.name, title: measured.title, points });
  }
  return curves;
}
