/** Makes stale files, as killed servers leave them. */
import { run } from "./process.ts";

/** Makes the file of a plain Unix server that listened there and was killed. */
export async function leaveStale(file: string): Promise<void> {
  const code = `Deno.listen({ transport: "unix", path: ${JSON.stringify(file)} }); Deno.kill(Deno.pid, "SIGKILL")`;
  await run([Deno.execPath(), "eval", code]);
}
