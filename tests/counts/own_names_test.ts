/** Costs of connect, bind and close on a port with servers on several addresses. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

/** How many of a client's calls name the port's files, by the address that it connects to. */
async function countCalls(type: string, servers: string, clients: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await withDir(async (dir) => {
    const log = `${dir}/trace`;
    const { LD_PRELOAD: preload = "", ...env } = libraryEnv(`${dir}/s`);
    const strace = ["strace", "-f", "-qq", "-o", log, "-E", `LD_PRELOAD=${preload}`];
    const { stderr } = await run([...strace, "python3", "-c", programText("counted"), type, servers, clients], { env });
    assertStrictEquals(stderr, "");
    let client = "";
    for (const line of Deno.readTextFileSync(log).split("\n")) {
      client = /access\([^"]*"\/client\/([^"]*)"/.exec(line)?.[1] ?? client;
      if (client !== "" && /9042u?[@.]/.test(line)) counts[client] = (counts[client] ?? 0) + 1;
    }
  });
  return counts;
}

/** A UDP client that reaches somebody asks the kernel for the name of whom it has reached, too. */
for (const [type, more] of [["SOCK_STREAM", 0], ["SOCK_DGRAM", 1]] as const) {
  Deno.test(`${type}: the first connect to a port reads its names, and each later one is one call`, {
    ignore: !need("python3", "strace"),
  }, async () => {
    const reached = (calls: Record<string, number>) =>
      Object.fromEntries(Object.entries(calls).map(([address, count]) => [address, count + more]));
    const count = (servers: string, clients: string) => countCalls(type, servers, clients);
    assertEquals(await count("127.0.0.1", "127.0.0.1"), reached({ "127.0.0.1": 2 }));
    assertEquals(await count("127.0.0.1", "127.0.0.1 127.0.0.1 127.0.0.1"), { "127.0.0.1": 4 + 3 * more });
    // Refused: nobody has the port, or another address has it.
    assertEquals(await count("127.0.0.1", "127.0.0.2"), { "127.0.0.2": 1 });
    const addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"];
    const several = { "127.0.0.1": 3, "127.0.0.2": 1, "127.0.0.3": 1, "::1": 3 };
    assertEquals(await count(addresses.join(" "), addresses.join(" ")), reached(several));
    const wildcard = { "127.0.0.2": 3, "127.0.0.3": 1, "::1": 3 };
    assertEquals(await count("0.0.0.0 ::1", "127.0.0.2 127.0.0.3 ::1"), reached(wildcard));
    const both = { "127.0.0.2": 2, "127.0.0.3": 1, "::1": 2 };
    assertEquals(await count("::", "127.0.0.2 127.0.0.3 ::1"), reached(both));
  });
}

/** The second one, a third one, a wildcard that is refused, one that goes, the first one that goes, and the rest. */
const SEQUENCE =
  "+127.0.0.1 +127.0.0.2 +127.0.0.3 +::1 +0.0.0.0 -127.0.0.3 -127.0.0.1 +127.0.0.1 -127.0.0.2 -::1 -127.0.0.1";

/** The calls of each change in a directory with so many other files. */
async function callsOfChanges(type: string, files: number): Promise<Record<string, string[]>> {
  const calls: Record<string, string[]> = {};
  await withDir(async (dir) => {
    const [log, sockets] = [`${dir}/trace`, `${dir}/s`];
    Deno.mkdirSync(sockets);
    for (let i = 0; i < files; i++) Deno.writeTextFileSync(`${sockets}/.${10_000 + i}@127.0.0.1`, "");
    const { LD_PRELOAD: preload = "", ...env } = libraryEnv(sockets);
    const strace = ["strace", "-f", "-qq", "-o", log, "-E", `LD_PRELOAD=${preload}`];
    const { stderr } = await run([...strace, "python3", "-c", programText("changes"), type, SEQUENCE], { env });
    assertStrictEquals(stderr, "");
    let change = "", step = 0;
    for (const line of Deno.readTextFileSync(log).split("\n")) {
      const mark = /access\([^"]*"\/change\/([^"]*)"/.exec(line)?.[1];
      if (mark !== undefined) change = mark === "" ? "" : `${++step} ${mark}`;
      const call = /^\d+ +(\w+)\(/.exec(line)?.[1];
      if (change !== "" && mark === undefined && call !== undefined) (calls[change] ??= []).push(call);
    }
  });
  return calls;
}

Deno.test("to bind, and to close, beside others on a port takes as many calls in a directory full of files", {
  ignore: !need("python3", "strace"),
}, async () => {
  for (const type of ["SOCK_STREAM", "SOCK_DGRAM"]) {
    const few = await callsOfChanges(type, 0);
    assertEquals(Object.keys(few).map((change) => change.replace(/^\d+ /, "")), SEQUENCE.split(" "));
    assertEquals(await callsOfChanges(type, 3000), few);
    // As many as the directory has would be read by each of these.
    assertEquals(Object.entries(few).filter(([, calls]) => calls.includes("getdents64")), []);
  }
});
