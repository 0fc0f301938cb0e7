/** Measures counts, not times: system calls, and the memory that a descriptor costs. */
import * as path from "@std/path/posix";
import { findProgram } from "../../tests/support/programs.ts";
import { type Count, LOOPBACK, NATIVE, UNSOCK } from "./report.ts";
import { output, type Rig, type Variant } from "./rig.ts";
import { type Place, runWorkload } from "./workloads.ts";

/** Reads the number of calls from the output of `strace -c`. Throws if the output has no total. */
export function parseCalls(table: string): number {
  const [head = "", ...lines] = table.split("\n");
  const total = lines.find((line) => line.endsWith(" total"));
  // Finds the column by its heading: the number ends below the heading's last letter. Other columns of this line may be
  // empty (errors, and in older versions usecs/call).
  const calls = Number(total?.slice(0, head.indexOf("calls") + "calls".length).split(" ").at(-1) || NaN);
  if (!Number.isInteger(calls)) throw new Error(`strace counted nothing:\n${table}`);
  return calls;
}

/**
 * Returns how many system calls client and server make for one unit of work. Subtracts the calls of a run of N units
 * from those of a run of 2 N units, so that the calls of the programs' start and end do not count.
 */
async function callsPerUnit(rig: Rig, name: string, unit: number, place: Place): Promise<number> {
  const strace = findProgram("strace") ?? "strace";
  const file = path.join(rig.directory, "calls");
  const variables = Object.entries(place.env).flatMap(([variable, value]) => ["-E", `${variable}=${value}`]);
  const calls = async (count: number) => {
    // strace itself runs without the library.
    const prefix = [strace, "-f", "-c", "-o", file, ...variables];
    await runWorkload(rig, name, count, { ...place, env: {}, prefix });
    return parseCalls(await Deno.readTextFile(file));
  };
  return (await calls(2 * unit) - await calls(unit)) / unit;
}

/** Measures the private memory, in bytes, that one more held connection costs at each end. */
async function memoryPerDescriptor(rig: Rig, place: Place, many: number): Promise<number> {
  const bytes = async (count: number) => {
    const { clientMemory = 0, serverMemory = 0, count: held } = await runWorkload(rig, "held", count, place);
    return { memory: clientMemory + serverMemory, held };
  };
  const all = await bytes(many);
  // Memory comes in pages: with 8,192 connections, a page more or less changes the result by half a byte.
  const half = await bytes(Math.floor(all.held / 2));
  return Math.round((all.memory - half.memory) / (all.held - half.held) / 2);
}

/** Measures the memory; and the system calls, if `strace` is installed and may trace. */
export async function measureCounts(rig: Rig): Promise<Count[]> {
  const find = (name: string) => rig.variants.find((variant) => variant.name === name) as Variant;
  const [native, loopback, unsock] = [find(NATIVE), find(LOOPBACK), find(UNSOCK)];
  // With this address, connections to 127.0.0.1 are not covered.
  const elsewhere = { ...loopback, env: { ...unsock.env, UNSOCK_ADDR: "127.175.0.0" } };
  const partly = { ...loopback, env: { ...unsock.env, UNSOCK_ADDR: "127.0.0.1" } };
  const unit = rig.quick ? 64 : 1024;
  const counts: Count[] = [];
  rig.progress("Counting");
  if (await canTrace()) {
    const rows: [string, string, string, Place, Place][] = [
      ["calls-connection", "System calls of a connection, native and under unsock", "connections", native, unsock],
      ["calls-uncovered", "System calls of a connection that is not covered", "connections", loopback, elsewhere],
      ["calls-mixed", "System calls of a connection, every second one not covered", "mixed", loopback, partly],
      ["calls-round-trip", "System calls of a round trip, native and under unsock", "round-trips", native, unsock],
      ["calls-datagram", "System calls of a datagram round trip, the same", "datagrams", native, unsock],
      ["calls-others", "System calls of dup2, epoll_ctl twice and close of a pipe", "others", loopback, unsock],
    ];
    for (const [name, title, workload, without, withIt] of rows) {
      counts.push({
        name,
        title,
        unit: "calls",
        without: await callsPerUnit(rig, workload, unit, without),
        with: await callsPerUnit(rig, workload, unit, withIt),
      });
    }
  }
  counts.push({
    name: "memory",
    title: "Memory of one more descriptor",
    unit: "bytes",
    without: await memoryPerDescriptor(rig, native, rig.quick ? 512 : 8192),
    with: await memoryPerDescriptor(rig, unsock, rig.quick ? 512 : 8192),
  });
  return counts;
}

async function canTrace(): Promise<boolean> {
  const strace = findProgram("strace");
  if (!strace) return false;
  return await output([strace, "-f", "-c", "-o", "/dev/null", "true"]).then(() => true, () => false);
}
