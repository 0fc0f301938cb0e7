/** Describes the machine that measured. */

/** @returns The machine's processor and kernel, in words. */
export async function describeMachine(): Promise<string> {
  const cpus = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = cpus.match(/^model name\s*:\s*(.+)$/m)?.[1] ?? Deno.build.arch;
  return `${model}, ${navigator.hardwareConcurrency} processors, Linux ${Deno.osRelease()}`;
}

/**
 * @returns A note that other work keeps the processors busy, so that only ratios count; undefined if the load is at
 *   most the number of processors. Call it before the measurement.
 */
export function otherWork(): string | undefined {
  const [load = 0] = Deno.loadavg();
  return load > navigator.hardwareConcurrency
    ? `measured beside other work, which kept ${load.toFixed(0)} processes busy: only the ratios count`
    : undefined;
}
