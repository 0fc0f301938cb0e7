/** On what it was measured. */

/** @returns Its processor and its kernel, in words. */
export async function describeMachine(): Promise<string> {
  const cpus = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = cpus.match(/^model name\s*:\s*(.+)$/m)?.[1] ?? Deno.build.arch;
  return `${model}, ${navigator.hardwareConcurrency} processors, Linux ${Deno.osRelease()}`;
}
