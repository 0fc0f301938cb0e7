/**
 * Measures several fronts, which make a server on a Unix socket reachable at a TCP port. They take turns, round by
 * round. Rewrites a section of `docs/which-tool.md`.
 */
import * as path from "@std/path/posix";
import { describeMachine, otherWork } from "./machine.ts";
import { ROOT } from "./rig.ts";

const PAGE = path.join(ROOT, "docs", "which-tool.md");

/** Clock ticks a second. /proc/PID/stat gives times in these ticks. */
export const TICKS_PER_SECOND = 100;

/** The fronts to compare, and the running server behind all of them. */
export interface Stage<Front, Measured> {
  readonly server: Deno.ChildProcess;
  readonly fronts: readonly Front[];
  /** @returns An empty record for the measurements of one front. */
  readonly room: () => Measured;
  readonly measure: (front: Front, into: Measured) => Promise<void>;
  readonly format: (measured: readonly Measured[], rounds: number, machine: string) => string;
}

/** @returns A TCP port without a listener. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Returns the page with the section in place of an earlier one, or else at the end of the page. */
function withSection(page: string, section: string, heading: string): string {
  const at = page.indexOf(`\n${heading}\n`);
  if (at < 0) return `${page.trimEnd()}\n\n${section}`;
  const table = page.indexOf("\n| --- |", at);
  const end = page.indexOf("\n\n", table);
  return `${page.slice(0, at + 1)}${section}${end < 0 ? "" : page.slice(end + 1)}`;
}

async function compare<F, M>(heading: string, usual: number, start: (dir: string) => Promise<Stage<F, M>>) {
  const rounds = Number(Deno.args[0] ?? usual);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`ROUNDS: not a number: "${Deno.args[0]}"`);
  const machine = [await describeMachine(), otherWork()].filter(Boolean).join("; ");
  const dir = await Deno.makeTempDir({ dir: "/tmp", prefix: "uf" });
  try {
    const { server, fronts, room, measure, format } = await start(dir);
    const all = fronts.map((front) => ({ front, into: room() }));
    try {
      for (let round = 0; round < rounds; round++) {
        const first = round % all.length;
        for (const { front, into } of [...all.slice(first), ...all.slice(0, first)]) await measure(front, into);
      }
    } finally {
      server.kill("SIGTERM");
      await server.status;
    }
    const section = format(all.map(({ into }) => into), rounds, machine);
    await Deno.writeTextFile(PAGE, withSection(await Deno.readTextFile(PAGE), section, heading));
    console.log(section.trimEnd());
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/**
 * Measures the fronts, and writes the section about them.
 *
 * @param program The name of the calling program, for the line that reports a failure.
 * @param heading The heading of the section.
 * @param usual The number of rounds if no argument gives it.
 * @param start Starts the server. Puts all files into the directory `dir`.
 */
export async function compareFronts<F, M>(
  program: string,
  heading: string,
  usual: number,
  start: (dir: string) => Promise<Stage<F, M>>,
): Promise<void> {
  try {
    await compare(heading, usual, start);
  } catch (error) {
    console.error(`${program}: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
