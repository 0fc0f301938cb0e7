/** tests/support/own_port.ts */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { beyondRange, ownPort } from "../support/own_port.ts";

Deno.test("beyondRange() finds the ports that the kernel never gives out by itself", () => {
  assertEquals(beyondRange("32768\t60999\n"), { first: 10_000, last: 32_767 });
  assertEquals(beyondRange("9000\t60999\n"), { first: 61_000, last: 65_535 });
  assertEquals(beyondRange("1024\t65535\n"), { first: 10_000, last: 65_535 });
});

Deno.test("ownPort() leaves the port to who asked, under a name that nobody else can have meanwhile", () => {
  const path = (port: number) => `\0unsock's tests: port ${port}`;
  const own = ownPort();
  assertThrows(() => Deno.listen({ transport: "unix", path: path(own.port) }), Deno.errors.AddrInUse);
  Deno.listen({ hostname: "127.0.0.1", port: own.port }).close();
  own[Symbol.dispose]();
  using _free = Deno.listen({ transport: "unix", path: path(own.port) });
  assert(own.port >= 10_000);
});
