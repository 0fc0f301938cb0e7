/** Compares one directory of very many sockets with the same sockets spread over several directories. */
import { output, type Rig } from "./rig.ts";
import { quantile } from "./stats.ts";

/** Medians, in microseconds. */
export interface DirectoryCost {
  readonly files: number;
  readonly shards: number;
  readonly processes: number;
  readonly bind: number;
  readonly connect: number;
}

const ROUNDS = 3;
const COUNT = 5000;
const FILES = [100, 10_000, 100_000];

async function measure(rig: Rig, files: number, shards: number, processes: number): Promise<DirectoryCost> {
  const binds: number[] = [], connects: number[] = [];
  for (let round = 0; round < (rig.quick ? 1 : ROUNDS); round++) {
    const directory = await Deno.makeTempDir({ dir: rig.sockets, prefix: "d" });
    try {
      const words = [files, shards, processes, rig.quick ? 100 : COUNT].map(String);
      const { bind, connect } = JSON.parse(await output([rig.directories, directory, ...words]));
      binds.push(bind);
      connects.push(connect);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }
  return { files, shards, processes, bind: quantile(binds, 0.5), connect: quantile(connects, 0.5) };
}

/** Measures the kernel's part of bind, unlink and connect, without the library. */
export async function measureDirectories(rig: Rig): Promise<DirectoryCost[]> {
  const costs: DirectoryCost[] = [];
  for (const files of FILES.filter((files) => !rig.quick || files <= 100)) {
    for (const processes of [1, 2]) {
      for (const shards of [1, 256]) {
        rig.progress("A directory of so many files", `${files}, ${shards} shards, ${processes} processes`);
        costs.push(await measure(rig, files, shards, processes));
      }
    }
  }
  return costs;
}
