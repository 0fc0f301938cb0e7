/** Descriptors that a plain Unix peer passes along: TCP and UDP bring none, however a program reads. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

/** Bytes, the length of the control data and flags: a byte, and nothing with it. */
const ALONE = [1, 0, 0];

/** Of each way to read what is told, and how many descriptors more there are then. */
function expected(): Facts {
  const facts: Record<string, unknown> = {};
  for (const type of ["stream", "inherited", "datagram"]) {
    for (const way of ["recvmsg", "recvmmsg", "room for some", "room for none", "no room"]) {
      facts[`${type}, ${way}`] = [ALONE, 0];
    }
    facts[`${type}, peeked`] = [[ALONE, ALONE, ALONE], 0];
    for (const way of ["recv", "recvfrom", "read"]) facts[`${type}, ${way}`] = [1, 0];
  }
  return facts;
}

async function serve(program: string, peers: number): Promise<Facts> {
  let facts: Facts = {};
  await withDir(async (dir) => {
    const env = Object.entries(libraryEnv(dir)).map(([name, value]) => `${name}=${value}`);
    const { stdout, stderr } = await run(["python3", "-c", programText("before"), dir, program, String(peers), ...env]);
    assertStrictEquals(stderr, "");
    facts = readFacts(stdout);
  });
  return facts;
}

Deno.test("descriptors that came before the server inherited its sockets are closed, however it reads", {
  ignore,
}, async () => {
  assertEquals(await serve(programText("each_way"), 9), expected());
});

Deno.test("closing a passed connection that would linger with unsent data does not hold the server up", {
  ignore,
}, async () => {
  assertEquals(await serve(programText("lingering"), 0), {
    stream: ALONE,
    "stream, before the linger is over": true,
    datagram: ALONE,
    "datagram, before the linger is over": true,
  });
});

/** SO_PASSRIGHTS is there from 6.16 on. */
function kernelRefuses(): boolean {
  const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 16);
}

Deno.test("where the kernel can, it refuses descriptors for a server's sockets and for a datagram client's", {
  ignore: ignore || !kernelRefuses(),
}, () =>
  withDir(async (dir) => {
    const { stdout, stderr } = await run(["python3", "-c", programText("refused")], { env: libraryEnv(dir) });
    assertStrictEquals(stderr, "");
    assertEquals(readFacts(stdout), {
      connection: "refused",
      "datagram server": "refused",
      "datagram client": "refused",
    });
  }));
