/** The virtual machine: qemu's own emulation, so that no /dev/kvm is needed, without a disk and without a network. */
import { start } from "../support/process.ts";
import type { Kernel } from "./kernel.ts";

/** The guest's `leave N` makes qemu exit with status 2N + 1. None of these is one of qemu's own. */
export const GUEST_PASSED = 16;
const GUEST_FAILED = 17;

/** The memory of a guest, in MiB. */
export const MEMORY = 256;

const STATUS_PASSED = 2 * GUEST_PASSED + 1;
const STATUS_FAILED = 2 * GUEST_FAILED + 1;

export interface GuestResult {
  verdict: "passed" | "failed";
  /** All that the guest wrote on its console, by lines. */
  console: string[];
}

/**
 * Makes the command that boots the guest; its console is qemu's standard input and output.
 *
 * @param kernel What to boot.
 * @param initramfs The file with the initial file system, whose /init runs everything.
 * @param words More words of the kernel's command line, for /init.
 * @param memory In MiB.
 * @returns The argument vector.
 */
export function machineCommand(kernel: Kernel, initramfs: string, words: string[] = [], memory = MEMORY): string[] {
  return [
    "qemu-system-x86_64",
    ...`-M pc -accel tcg -cpu max -smp 1 -m ${memory} -nodefaults -no-user-config -display none -nic none`.split(" "),
    ..."-serial stdio -no-reboot -device isa-debug-exit,iobase=0x501,iosize=1".split(" "),
    ...["-kernel", kernel.image, "-initrd", initramfs],
    ...["-append", ["console=ttyS0 panic=-1 quiet no_timer_check", ...words].join(" ")],
  ];
}

/**
 * Boots the guest and waits for its verdict.
 *
 * @param kernel What to boot.
 * @param initramfs The file with the initial file system.
 * @param timeoutMs How long boot and tests may take together.
 * @param words More words of the kernel's command line.
 * @param memory In MiB.
 * @returns The verdict and the console.
 * @throws {Error} when the guest hangs, crashes or reboots, with the console so far.
 */
export async function runGuest(
  kernel: Kernel,
  initramfs: string,
  timeoutMs: number,
  words: string[] = [],
  memory = MEMORY,
): Promise<GuestResult> {
  // Should this process be killed, timeout still ends the guest.
  const guard = ["timeout", "--kill-after=5", String(Math.ceil(timeoutMs / 1000) + 5)];
  await using machine = start([...guard, ...machineCommand(kernel, initramfs, words, memory)]);
  const { code, stdout, stderr } = await machine.result(timeoutMs);
  const console = stdout.replaceAll("\r", "").split("\n");
  if (code === STATUS_PASSED) return { verdict: "passed", console };
  if (code === STATUS_FAILED) return { verdict: "failed", console };
  throw new Error(`the guest ended without a verdict (exit status ${code}):\n${stderr}${stdout}`);
}
