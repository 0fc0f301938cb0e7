/** Boots a kernel in qemu's own emulation, and reads the guest's results. */
import { settles, start } from "../support/process.ts";
import type { Outcome } from "./cases.ts";
import { Patience } from "./patience.ts";
import type { Machine } from "./series.ts";

const CONSOLE = "panic=-1 quiet rdinit=/init";

const MACHINES: Readonly<Record<Machine, string>> = {
  x86_64: `qemu-system-x86_64 -M pc -cpu max -append|console=ttyS0 no_timer_check ${CONSOLE}`,
  aarch64: `qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on -append|console=ttyAMA0 ${CONSOLE}`,
};

/** How the guest says that all runs have ended. */
const FINISHED = "@finished";
const LAST_LINES = 40;

/**
 * @param log The file that its console goes to.
 * @returns The command that boots the guest.
 */
export function machineCommand(machine: Machine, kernel: string, initramfs: string, log: string): string[] {
  const [words = "", append = ""] = MACHINES[machine].split("|");
  return [
    ...words.split(" "),
    append,
    ..."-accel tcg,thread=multi -smp 2 -m 1536 -nodefaults -no-user-config -display none -nic none".split(" "),
    ...["-serial", `file:${log}`, "-no-reboot", "-kernel", kernel, "-initrd", initramfs],
  ];
}

/** The guest ends by itself; should this process be killed, it ends after these hours at the latest. */
const GUARD = ["timeout", "--kill-after=5", String(12 * 60 * 60)];
const LOOK_MS = 500;

/**
 * Boots the guest and waits for its end, as long as it goes on.
 *
 * @param command From machineCommand.
 * @param log The console's file, as given there.
 * @param patienceMs For how long its console may say nothing.
 * @param tell Hears after each look how many runs have ended.
 * @returns By the runs' numbers, what they printed; and the kernel's version.
 * @throws {Error} when the guest hangs or crashes, with the last lines of its console.
 */
export async function runGuest(
  command: string[],
  log: string,
  patienceMs: number,
  tell: (ended: number) => void = () => {},
): Promise<{ outcomes: Map<number, Outcome>; release: string }> {
  await Deno.remove(log).catch(() => {}); // an earlier guest's
  await using guest = start([...GUARD, ...command]);
  const patience = new Patience(patienceMs);
  while (!await settles(guest.status, LOOK_MS)) {
    const lines = await readConsole(log);
    tell(lines.filter((line) => line.startsWith("@end ")).length);
    if (patience.isOver(lines.length)) {
      const last = lines.slice(-LAST_LINES).join("\n");
      throw new Error(`the guest has said nothing for ${patienceMs / 1000} s; the last lines of ${log}:\n${last}`);
    }
  }
  const lines = await readConsole(log);
  if (!lines.includes(FINISHED)) {
    const last = lines.slice(-LAST_LINES).join("\n");
    throw new Error(`the guest ended before its runs had, ${log}:\n${guest.output()}${last}`);
  }
  const release = lines.find((line) => line.startsWith("@ready "))?.slice("@ready ".length) ?? "";
  return { outcomes: parseOutcomes(lines), release };
}

async function readConsole(log: string): Promise<string[]> {
  const text = await Deno.readTextFile(log).catch(() => "");
  return text.replaceAll("\r", "").trimEnd().split("\n");
}

/**
 * Reads the guest's console (tests/kernels/guest/init.c says what is on it).
 *
 * @param console Its lines.
 * @returns By the runs' numbers, what they printed, of those that ended.
 */
export function parseOutcomes(console: readonly string[]): Map<number, Outcome> {
  const outcomes = new Map<number, Outcome>();
  let number = -1;
  let parts = { lines: [] as string[], counters: [] as string[], left: [] as string[], stderr: [] as string[] };
  let into = parts.lines;
  for (const line of console) {
    const [, word, rest = ""] = /^@(\w+) ?(.*)$/.exec(line) ?? [];
    if (word === "run") {
      number = Number(rest);
      parts = { lines: [], counters: [], left: [], stderr: [] };
      into = parts.lines;
    } else if (word === "counters") into = parts.counters;
    else if (word === "left") parts.left.push(rest);
    else if (word === "stderr") into = parts.stderr;
    else if (word === "end") {
      const [counters, stderr] = [parts.counters, parts.stderr].map((text) => text.join("\n"));
      outcomes.set(number, { ...parts, status: Number(rest), counters: counters ?? "", stderr: stderr ?? "" });
    } else if (line !== "") into.push(line);
  }
  return outcomes;
}
