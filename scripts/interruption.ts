/** Removes the unfinished files of long work when a signal ends it, and then lets the signal act. */

const SIGNALS: readonly Deno.Signal[] = ["SIGHUP", "SIGINT", "SIGTERM"];
const NUMBERS: Readonly<Partial<Record<Deno.Signal, number>>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

const AGAIN_MS = 20;

const controller = new AbortController();

/** For the programs that the work waits for: they end when it has to. */
export const interrupted: AbortSignal = controller.signal;

/** Those that the caller has not switched off, as nohup does. */
function expectedSignals(): Deno.Signal[] {
  const [, ignored = "0"] = /^SigIgn:\s*(\w+)$/m.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return SIGNALS.filter((name) => !((BigInt(`0x${ignored}`) >> BigInt((NUMBERS[name] ?? 1) - 1)) & 1n));
}

/**
 * Does work that cleans up behind itself however it ends. A signal makes it fail, by ending the program that it waits for.
 *
 * @param work To be done once in a process.
 * @throws {unknown} the work's error, unless a signal has ended it: then this process ends by that.
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
    // Until it does, so that this process does not end otherwise before.
    while (by !== undefined) {
      Deno.kill(Deno.pid, by);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
