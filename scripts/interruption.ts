/** Removes the unfinished files of long work when a signal ends it, and then lets the signal act. */

const SIGNALS: readonly Deno.Signal[] = ["SIGHUP", "SIGINT", "SIGTERM"];
const NUMBERS: Readonly<Partial<Record<Deno.Signal, number>>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

const AGAIN_MS = 20;

const controller = new AbortController();

/**
 * Aborts when one of `SIGNALS` arrives. The work passes this AbortSignal to the commands that it waits for, so that
 * they end, too.
 */
export const interrupted: AbortSignal = controller.signal;

/** Returns the signals that this process does not ignore. nohup, for example, makes it ignore SIGHUP. */
function expectedSignals(): Deno.Signal[] {
  const [, ignored = "0"] = /^SigIgn:\s*(\w+)$/m.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return SIGNALS.filter((name) => !((BigInt(`0x${ignored}`) >> BigInt((NUMBERS[name] ?? 1) - 1)) & 1n));
}

/**
 * Runs `work`, which removes its own files after any error. A signal ends the program that the work waits for, so that
 * the work fails.
 *
 * @param work The work. `untilInterrupted` may be called once in a process.
 * @throws {unknown} The work's error. If a signal has ended the work, the same signal ends this process instead.
 */
export async function untilInterrupted(work: () => Promise<void>): Promise<void> {
  let by: Deno.Signal | undefined;
  const listeners = expectedSignals().map((name) => {
    const listener = () => {
      by ??= name;
      controller.abort(new Error(`ended by ${name}`));
    };
    Deno.addSignalListener(name, listener);
    return { name, listener };
  });
  try {
    await work();
  } catch (error) {
    if (by === undefined) throw error;
  } finally {
    for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
    // Repeats the signal until it has ended this process, so that the process does not end in another way first.
    while (by !== undefined) {
      Deno.kill(Deno.pid, by);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
