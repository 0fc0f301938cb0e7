/** What a siege is measured by: honest clients, and the front's process. */
import { memoryOf } from "../cli/flood_watch.ts";
import { type Proc, start } from "../support/process.ts";

const LOOK_MS = 1_000;
const LINE_LOOKS = 60;
const SECOND_MS = 1_000;

/** @returns The value below which this part of the values is; NaN if there is none. */
function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(Math.floor(values.length * part), values.length - 1)] ?? NaN;
}

function describe(milliseconds: readonly number[]): string {
  const slow = milliseconds.filter((each) => each > SECOND_MS).length;
  const [half, most] = [quantile(milliseconds, 0.5), quantile(milliseconds, 0.99)];
  return `${milliseconds.length}: half within ${half} ms, 99 % within ${most} ms, ` +
    `slowest ${quantile(milliseconds, 1)} ms, ${slow} over a second`;
}

/** @returns Each text with the number of its occurrences. */
function countEach(texts: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return Array.from(counts, ([text, count]) => `${text}: ${count}`).join(", ") || "none";
}

/** An honest client (`programs/siege/client.py`). */
export class Client implements AsyncDisposable {
  readonly #process: Proc;

  /** @param address A port, `tls:` and a port, or the path of a Unix socket. */
  constructor(program: string, address: string, host: string) {
    this.#process = start(["python3", "-c", program, address, host]);
  }

  #facts(name: string): string[] {
    return Array.from(this.#process.output().matchAll(new RegExp(`^${name}=(.*)$`, "gm")), ([, value = ""]) => value);
  }

  /** The number of the last change that it has seen. */
  get seen(): number {
    return Number(this.#facts("reload").at(-1)?.split(" ")[0] ?? 0);
  }

  /** The slowest answer so far, and its path. */
  get slowest(): string {
    return this.#facts("answer").toSorted((a, b) => parseInt(b) - parseInt(a))[0] ?? "none";
  }

  summary(): string[] {
    const sockets = this.#facts("socket").filter((why) => why !== "open");
    return [
      `answers ${describe(this.#facts("answer").map((value) => parseInt(value)))}`,
      `reloads ${describe(this.#facts("reload").map((value) => Number(value.split(" ")[1])))}`,
      `no answer: ${countEach(this.#facts("failed"))}`,
      `WebSocket closed: ${countEach(sockets)}`,
    ];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}

/** Looks at the front each second, and prints a line each minute. */
export class FrontWatch {
  readonly #pid: number;
  readonly #clients: readonly Client[];
  readonly #memory: number[] = [];
  readonly #descriptors: number[] = [];
  readonly #loads: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param clients The one that asks the front, and the one that asks its server. */
  constructor(pid: number, clients: readonly Client[]) {
    this.#pid = pid;
    this.#clients = clients;
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    this.#memory.push(memoryOf(this.#pid));
    this.#descriptors.push(Array.from(Deno.readDirSync(`/proc/${this.#pid}/fd`)).length);
    this.#loads.push(Deno.loadavg()[0] ?? NaN);
    if (this.#memory.length % LINE_LOOKS === 0) console.log(this.#line());
  }

  #line(): string {
    const slowest = this.#clients.map((client) => client.slowest).join(", directly ");
    return `${this.#memory.length / LINE_LOOKS} min: ${this.#memory.at(-1)} MB, ${
      this.#descriptors.at(-1)
    } descriptors, ` +
      `load ${this.#loads.at(-1)}; slowest answer ${slowest}`;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @param rounds What the attackers have printed. */
  summary(runtime: string, rounds: string): string {
    const names = Array.from(rounds.matchAll(/^round=(.*)$/gm), ([, name = ""]) => name);
    const [through, direct] = this.#clients.map((client) => client.summary().join("\n    "));
    const [memory, descriptors] = [this.#memory, this.#descriptors];
    return [
      `${runtime}, ${memory.length} s; load ${quantile(this.#loads, 0)} to ${quantile(this.#loads, 1)}`,
      `  through the front:\n    ${through}`,
      `  directly:\n    ${direct}`,
      `  memory: ${memory[0]} MB, at most ${quantile(memory, 1)}, at last ${memory.at(-1)}`,
      `  descriptors: ${descriptors[0]}, at most ${quantile(descriptors, 1)}, at last ${descriptors.at(-1)}`,
      `  rounds: ${countEach(names)}`,
    ].join("\n");
  }
}
