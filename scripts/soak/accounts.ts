/** Counts the resources of lasting servers, of the directory and of the network: at start, each minute, at the end. */
import * as path from "@std/path/posix";
import { inodeOf, judgeFiles, readFiles } from "./directory.ts";
import type { Family } from "./family.ts";
import { childrenOf, ipSockets, type Sample, sample } from "./kernel.ts";
import type { Ledger } from "./ledger.ts";
import type { Ports, SteadyServer } from "./load.ts";

/** How many more descriptors than after its warm-up a server may hold, for the connections of more clients. */
const MORE_DESCRIPTORS = 40;
const MORE_RSS_KB = 12 * 1024;
const SETTLE_MS = 2_000;

interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly idle: Sample;
  warm: Sample | undefined;
  last: Sample;
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class Accounts {
  readonly #watched: Watched[];
  readonly #inodes: Map<string, number | undefined>;

  /** To be called when the servers listen and no client has connected yet. */
  constructor(
    readonly family: Family,
    readonly ledger: Ledger,
    readonly ports: Ports,
    servers: readonly SteadyServer[],
  ) {
    this.#watched = servers.flatMap(({ member: { name, pid } }) =>
      [pid, ...childrenOf(pid)].flatMap((pid, index) => {
        const idle = sample(pid);
        return idle
          ? [{ name: index === 0 ? name : `${name}, worker ${index}`, pid, idle, warm: undefined, last: idle }]
          : [];
      })
    );
    this.#inodes = new Map(servers.map(({ file }) => [file, inodeOf(path.join(family.sockets, file))]));
  }

  /** Records each server's present resources. Later checks compare with these. */
  warmUp(): void {
    for (const server of this.#watched) server.warm = sample(server.pid);
  }

  async check(): Promise<void> {
    const before = readFiles(this.family.sockets);
    const rss = new Map(this.#watched.map(({ pid }) => [pid, sample(pid)?.rssKb ?? 0]));
    await wait(SETTLE_MS);
    for (const server of this.#watched) this.#checkServer(server, rss.get(server.pid) ?? 0);
    this.#checkSteadyFiles();
    this.#checkLeftFiles(before);
    for (const line of ipSockets(this.family.alive())) this.ledger.find(`on the network: ${line}`);
  }

  /** Checks one server. A large message in transit is no leak, so takes the lesser of two readings of the memory. */
  #checkServer(server: Watched, rssBefore: number): void {
    const now = sample(server.pid);
    if (now === undefined) return this.ledger.find(`${server.name}: it has ended`);
    server.last = now;
    if (server.warm === undefined) return;
    const more = {
      descriptors: now.descriptors - server.warm.descriptors,
      rssKb: Math.min(now.rssKb, rssBefore) - server.warm.rssKb,
    };
    if (more.descriptors > MORE_DESCRIPTORS) this.ledger.find(`${server.name}: ${more.descriptors} more descriptors`);
    if (more.rssKb > MORE_RSS_KB) this.ledger.find(`${server.name}: ${more.rssKb} kB more memory`);
  }

  #checkSteadyFiles(): void {
    for (const [file, inode] of this.#inodes) {
      const now = inodeOf(path.join(this.family.sockets, file));
      if (now === inode) continue;
      this.ledger.find(`${file} of a living server is ${now === undefined ? "gone" : "another file"}`);
    }
  }

  /**
   * Checks that no lasting server has a stale file, and that clients have no more stale files than kills and faults
   * explain.
   */
  #checkLeftFiles(before: ReturnType<typeof readFiles>): void {
    const kills = {
      clients: this.ledger.row("fault: client killed").done,
      files: this.ledger.row("fault: file left").done,
    };
    for (const finding of judgeFiles(this.family.sockets, this.ports, before, kills)) this.ledger.find(finding);
  }

  /** Checks the files after all programs have ended. */
  checkLeft(): void {
    this.#checkLeftFiles(readFiles(this.family.sockets));
  }

  /** Checks, after all clients have ended, that each server has as many descriptors as at its start. */
  async checkIdle(): Promise<void> {
    const extra = () => this.#watched.filter(({ pid, idle }) => (sample(pid)?.descriptors ?? 0) !== idle.descriptors);
    for (let round = 0; round < 50 && extra().length > 0; round++) await wait(100);
    for (const { name, pid, idle } of extra()) {
      this.ledger.find(
        `${name}: ${sample(pid)?.descriptors} descriptors without a client, ${idle.descriptors} at first`,
      );
    }
    for (const server of this.#watched) server.last = sample(server.pid) ?? server.last;
  }

  /** @returns The summary's rows: descriptors and memory before the load, after warm-up, and at the end. */
  table(): Record<string, string> {
    return Object.fromEntries(this.#watched.map(({ name, idle, warm, last }) => {
      const descriptors = `descriptors ${idle.descriptors}, ${warm?.descriptors ?? "-"}, ${last.descriptors}`;
      return [name, `${descriptors}; kB ${idle.rssKb}, ${warm?.rssKb ?? "-"}, ${last.rssKb}`];
    }));
  }
}
