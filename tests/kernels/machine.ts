/** Boots a kernel in qemu's own emulation, and reads what the guest says of its runs. */
import { run } from "../support/process.ts";
import type { Outcome } from "./cases.ts";
import type { Machine } from "./series.ts";

const CONSOLE = "panic=-1 quiet rdinit=/init";

const MACHINES: Readonly<Record<Machine, string>> = {
  x86_64: `qemu-system-x86_64 -M pc -cpu max -append|console=ttyS0 ${CONSOLE}`,
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

/**
 * Boots the guest and waits for its end.
 *
 * @param command From machineCommand.
 * @param log The console's file, as given there.
 * @param timeoutMs How long boot and runs may take together.
 * @returns By the runs' numbers, what they printed; and the kernel's version.
 * @throws {Error} when the guest hangs or crashes, with the last lines of its console.
 */
export async function runGuest(
  command: string[],
  log: string,
  timeoutMs: number,
): Promise<{ outcomes: Map<number, Outcome>; release: string }> {
  // Should this process be killed, timeout still ends the guest.
  const guard = ["timeout", "--kill-after=5", String(Math.ceil(timeoutMs / 1000) + 5)];
  const { stderr } = await run([...guard, ...command], { timeoutMs }).catch(async (error) => {
    const reason = error instanceof Error ? error.message.split("\n")[0] : error;
    throw new Error(`${reason}; the last lines of ${log}:\n${(await readConsole(log)).slice(-LAST_LINES).join("\n")}`);
  });
  const lines = await readConsole(log);
  if (!lines.includes(FINISHED)) {
    throw new Error(`the guest ended before its runs had, ${log}:\n${stderr}${lines.slice(-LAST_LINES).join("\n")}`);
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
