/** A non-blocking connect that is refused, where the kernel's TCP cannot be had for it: all but the error of reading. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { type Differences, differences } from "../support/differences.ts";
import { withDir } from "../support/dir.ts";
import { buildProbe, mayIsolate, runIsolated, runPlain, runUnderLibrary } from "../support/probe.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const READ = { instead: "ECONNRESET", why: "the one error that AF_UNIX can be given" };
const NO_PORT = { instead: "none", why: "AF_UNIX has no port, and none was chosen" };

const AF_UNIX_ALONE: Differences = Object.fromEntries(
  [["127.0.0.1", "0.0.0.0"] as const, ["::1", "::"] as const].flatMap(([host, wildcard]) => [
    ...["read", "recv", "recvmsg"].map((call) => [`${host}, ${call}: ${call}`, READ] as const),
    [`${host}, names: address`, { instead: wildcard, why: "as one that is not bound" }] as const,
    [`${host}, names: port`, NO_PORT] as const,
  ]),
);

const ignore = !need("cc");

Deno.test("UNSOCK_BLOCK_INET=1 has connects refused without a segment of TCP", { ignore }, async () => {
  const binary = await buildProbe("connect_refused");
  const plain = await runPlain(binary);
  const under = await runUnderLibrary(binary, { UNSOCK_BLOCK_INET: "1" });
  assertEquals(differences(plain.facts, under.facts, AF_UNIX_ALONE), []);
  assertStrictEquals(under.traffic ?? 0, 0);
});

Deno.test("connects are refused where there is no loopback device", {
  ignore: !need("cc", "unshare") || !mayIsolate(),
}, async () => {
  const binary = await buildProbe("connect_refused");
  const plain = await runPlain(binary);
  await withDir(async (dir) => {
    const under = await runIsolated(["unshare", "--net", binary], libraryEnv(dir));
    assertEquals(differences(plain.facts, under.facts, AF_UNIX_ALONE), []);
  });
});
