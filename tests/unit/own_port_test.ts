/** tests/support/own_port.ts */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { beyondRange, hold, ownPort } from "../support/own_port.ts";
import { until } from "../support/wait.ts";

Deno.test("beyondRange() finds the ports that the kernel never gives out by itself", () => {
  assertEquals(beyondRange("32768\t60999\n"), { first: 10_000, last: 32_767 });
  assertEquals(beyondRange("9000\t60999\n"), { first: 61_000, last: 65_535 });
  assertEquals(beyondRange("1024\t65535\n"), { first: 10_000, last: 65_535 });
});

Deno.test("ownPort() gives a port to its caller alone, under a name that no other test can take meanwhile", async () => {
  const own = ownPort();
  assertStrictEquals(hold(own.port), undefined);
  Deno.listen({ hostname: "127.0.0.1", port: own.port }).close();
  own[Symbol.dispose]();
  // A child that another test has just forked has the name too, until it executes its program.
  using _free = await until("the name is free", () => hold(own.port));
  assert(own.port >= 10_000);
});
