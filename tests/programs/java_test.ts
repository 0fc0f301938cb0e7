/** Java: dual-stack sockets, and NIO, which registers channels with a selector before they have an address. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ignore = !need("java");
const SOURCES = join(dirname(fileURLToPath(import.meta.url)), "java");

/** Runs a single-file program. */
function java(program: string, ...args: string[]): string[] {
  return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", join(SOURCES, `${program}.java`), ...args];
}

Deno.test("Java's HttpServer answers java.net.URL on the address it was bound to", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(java("UrlServer", "17171", "127.0.0.1"), { tcp: [17171], cli: true });
    const { stdout } = await rig.client(java("UrlClient", "http://127.0.0.1:17171/"));
    assert.equal(stdout, "from 127.0.0.1\n".repeat(10) + "10 ports\n");
  });
});

Deno.test("Java's default dual-stack HttpServer answers over IPv4 and IPv6", { ignore }, async () => {
  await withRig(async (rig) => {
    await rig.server(java("UrlServer", "17172"), { tcp: [17172] });
    const four = await rig.client(java("UrlClient", "http://127.0.0.1:17172/"), { cli: true });
    assert.equal(four.stdout, "from 127.0.0.1\n".repeat(10) + "10 ports\n");
    const six = await rig.client(java("UrlClient", "http://[::1]:17172/"));
    assert.equal(six.stdout, "from 0:0:0:0:0:0:0:1\n".repeat(10) + "10 ports\n");
  });
});

Deno.test("Java NIO keeps its selector over bind and connect, with 100 clients", { ignore }, async () => {
  await withRig(async (rig) => {
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(java("NioEcho", "17173", "100"), { cli });
      assert.equal(stdout, "100 clients echoed\n");
    }
  });
});
