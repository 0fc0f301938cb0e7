/** Compares the cost of the same work with many sockets and with few. */
import { type Growth, NATIVE } from "./report.ts";
import { clearOthers, interleave, type Rig } from "./rig.ts";
import { ratio } from "./stats.ts";
import { runWorkload } from "./workloads.ts";

/** How many sockets exist, and how often the work is done. */
interface Amount {
  readonly held: number;
  readonly count: number;
}

interface Work {
  readonly name: string;
  readonly title: string;
  readonly workload: string;
  readonly little: Amount;
  readonly much: Amount;
  /** False if native AF_UNIX cannot do the work, because its sender waits for peers that do not read. */
  readonly natively: boolean;
}

const ROUNDS = 15;
const HELD = 9000;

const WORKS: readonly Work[] = [
  holding("duplicates", "dup, setsockopt and close, with 9,000 sockets held", 10_000),
  holding("listeners", "Bind, listen, close, with 9,000 sockets held", 1000),
  holding("datagram-clients", "UDP client, with 9,000 sockets held", 1000),
  closing("closings", "Closing each of 8,000 listeners, against 100"),
  closing("datagram-closings", "Closing each of 8,000 UDP sockets, against 100"),
  {
    name: "deaf",
    title: "Datagrams for 100 clients, beside 20 that ask as often and never read",
    workload: "askers",
    little: { held: 0, count: 50_000 },
    much: { held: 20, count: 50_000 },
    natively: false,
  },
];

function holding(workload: string, title: string, count: number): Work {
  const name = `${workload}-held`;
  return { name, title, workload, little: { held: 0, count }, much: { held: HELD, count }, natively: true };
}

function closing(workload: string, title: string): Work {
  const little = { held: 0, count: 100 }, much = { held: 0, count: 8000 };
  return { name: workload, title, workload, little, much, natively: true };
}

function quickened({ held, count }: Amount): Amount {
  return { held: Math.ceil(held / 50), count: Math.ceil(count / 20) };
}

async function measure(rig: Rig, { name, title, workload, little, much, natively }: Work): Promise<Growth> {
  const rounds = rig.quick ? 1 : ROUNDS;
  const variants = rig.variants.filter((variant) => natively || variant.name !== NATIVE);
  const before = new Map<string, number[]>();
  await clearOthers(rig);
  const { samples, failed, notes } = await interleave(variants, rounds, async (variant, round) => {
    rig.progress(title, `round ${round + 1} of ${rounds}, ${variant.name}`);
    const time = async (amount: Amount) => {
      const { held, count } = rig.quick ? quickened(amount) : amount;
      const run = await runWorkload(rig, workload, count, { ...variant, held });
      return run.seconds / run.count;
    };
    const base = await time(little);
    before.set(variant.name, [...before.get(variant.name) ?? [], base]);
    return await time(much);
  });
  const ways = [...samples].map(([variant, times]) => ({ variant, times: ratio(times, before.get(variant) ?? []) }));
  return { name, title, ways, ...(failed.length > 0 && { failed, notes }) };
}

export async function measureGrowth(rig: Rig): Promise<Growth[]> {
  const growth: Growth[] = [];
  for (const work of WORKS) growth.push(await measure(rig, work));
  return growth;
}
