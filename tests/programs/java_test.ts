/** Java: dual-stack sockets, and NIO, which registers channels with a selector before they have an address. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ignore = !need("java");
const SOURCES = join(dirname(fromFileUrl(import.meta.url)), "java");

/** Runs a single-file program. */
function java(program: string, ...args: string[]): string[] {
  return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", join(SOURCES, `${program}.java`), ...args];
}

Deno.test("Java's HttpServer answers java.net.URL on the address it was bound to", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(java("UrlServer", "17171", "127.0.0.1"), { tcp: [17171], cli: true });
    const { stdout } = await rig.client(java("UrlClient", "http://127.0.0.1:17171/"));
    assertStrictEquals(stdout, "from 127.0.0.1\n".repeat(10) + "10 ports\n");
  });
});

Deno.test("Java's default dual-stack HttpServer answers over IPv4 and IPv6", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(java("UrlServer", "17172"), { tcp: [17172] });
    const four = await rig.client(java("UrlClient", "http://127.0.0.1:17172/"), { cli: true });
    assertStrictEquals(four.stdout, "from 127.0.0.1\n".repeat(10) + "10 ports\n");
    const six = await rig.client(java("UrlClient", "http://[::1]:17172/"));
    assertStrictEquals(six.stdout, "from 0:0:0:0:0:0:0:1\n".repeat(10) + "10 ports\n");
  });
});

Deno.test("Java NIO keeps its selector over bind and connect, with 100 clients", { ignore }, async () => {
  await withRig(async (rig) => {
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(java("NioEcho", "17173", "100"), { cli });
      assertStrictEquals(stdout, "100 clients echoed\n");
    }
  });
});
