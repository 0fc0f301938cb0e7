/** Makes stale files, as killed servers leave them. */
import { run } from "./process.ts";

/** Makes the files of a plain Unix server that listened there and was killed. */
export async function leaveStale(...files: string[]): Promise<void> {
  const listen = `for (const path of ${JSON.stringify(files)}) Deno.listen({ transport: "unix", path });`;
  const code = `${listen} Deno.kill(Deno.pid, "SIGKILL")`;
  await run([Deno.execPath(), "eval", code]);
}
