/** Test files that run beside each other do not disturb each other by their ports. */
import { assertStrictEquals } from "@std/assert";
import { withTourEnv } from "./tools.ts";

Deno.test("tours of two test files that run at once in one process have ports of their own", async () => {
  // Each file has modules of its own, and the process in common.
  const ofAnother: typeof import("./tools.ts") = await import(`${import.meta.resolve("./tools.ts")}?another`);
  const port = ({ TOUR_PORT }: Record<string, string>) => Promise.resolve(TOUR_PORT);
  const ports = await withTourEnv("/a", {}, async (one) => [
    await port(one),
    await ofAnother.withTourEnv("/b", {}, port),
    await withTourEnv("/c", {}, port),
  ]);
  assertStrictEquals(ports.includes(undefined), false);
  assertStrictEquals(new Set(ports).size, 2, ports.join(" ")); // the last one has what the second has given back
});
