/** The handshake with a Firecracker multiplexer, seen from one descriptor: every way in which it can go. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { firecrackerFile } from "../support/control.ts";
import { dial, type DialMode, MODES, UNCHANGED } from "../support/dial.ts";
import { withDir } from "../support/dir.ts";
import { GUEST_PORT, PORT, withMultiplexer } from "../support/firecracker.ts";
import type { Behaviour } from "../support/multiplexer.ts";
import { start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

/** A plain server in the same directory, for the next connect of a descriptor whose first one failed. */
const NEXT_PORT = 3000;

const SHORT_TIMEOUT_MS = 400;
const DEFAULT_TIMEOUT_MS = 5000;
/** On a loaded machine; far from a minute, in which the program that waits is ended. */
const LATE_MS = 30_000;

// --- A well-behaved multiplexer, seen from one descriptor ------------------------------------------------------------

for (const mode of MODES) {
  Deno.test({
    name: `${mode}: data that follow the OK at once reach the program to the last byte`,
    ignore: !need("cc"),
    fn: () =>
      withMultiplexer({ kind: "eager", text: "OK 7\nhello\n" }, async ({ dir, multiplexer }) => {
        const facts = await dial(mode, dir, { ports: [PORT] });
        assertStrictEquals(facts.get("connect"), "ok");
        assertStrictEquals(facts.get("received"), "OK 7|hello|ping|");
        assertStrictEquals(facts.get("peer"), `127.0.0.1 port ${PORT}`);
        assertIntact(facts);
        assertEquals(multiplexer.requests, [`CONNECT ${GUEST_PORT}\n`]);
      }),
  });

  Deno.test({
    name: `${mode}: a guest without a server refuses the connection`,
    ignore: !need("cc"),
    fn: async () => void await assertFails(mode, "faithful", "ECONNREFUSED"),
  });
}

// --- Misbehaviour ----------------------------------------------------------------------------------------------------

const REFUSALS: [string, Behaviour][] = [
  ["closes", { kind: "refusing" }],
  ["resets the connection", { kind: "resetting" }],
  ["closes in the middle of the line", { kind: "cut", text: "OK 10737" }],
  ["closes before the end of the line", { kind: "cut", text: "OK 1073741824" }],
  ["says no", { kind: "saying", text: "NO 1\n" }],
  ["says OK without a number", { kind: "saying", text: "OK\n" }],
  ["says OK and a word", { kind: "saying", text: "OK then\n" }],
  ["says OK in lower case", { kind: "saying", text: "ok 1073741824\n" }],
  ["says an empty line", { kind: "saying", text: "\n" }],
  ["speaks HTTP", { kind: "saying", text: "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n" }],
  ["sends zeros", { kind: "saying", text: "\0".repeat(64) + "\n" }],
  ["sends a line of 100 kB", { kind: "saying", text: `OK ${"1".repeat(100_000)}\n` }],
  ["sends 100 kB without an end", { kind: "saying", text: "x".repeat(100_000) }],
];

for (const mode of MODES) {
  for (const [what, behaviour] of REFUSALS) {
    Deno.test({
      name: `${mode}: a multiplexer that ${what} is a refused connection`,
      ignore: !need("cc"),
      fn: async () => void await assertFails(mode, behaviour, "ECONNREFUSED"),
    });
  }
}

/** Of one that does not answer in time, `least` and `most` milliseconds are waited for. */
async function assertLate(
  mode: DialMode,
  kind: "silent" | "trickling",
  [least, most]: readonly [number, number],
  settings: Record<string, string> = {},
): Promise<void> {
  const elapsed = await assertFails(mode, { kind }, "ETIMEDOUT", settings);
  assert(elapsed >= least && elapsed < most, `${mode}, ${kind}: ${elapsed} ms`);
}

Deno.test({
  name: "a silent or trickling multiplexer is a time-out: after five seconds, or after the setting's time",
  ignore: !need("cc"),
  fn: async () => {
    const short = { UNSOCK_CONNECT_TIMEOUT_MS: String(SHORT_TIMEOUT_MS) };
    const inTime = [SHORT_TIMEOUT_MS - 50, DEFAULT_TIMEOUT_MS - 100] as const;
    await Promise.all([
      assertLate("blocking", "silent", [DEFAULT_TIMEOUT_MS - 100, DEFAULT_TIMEOUT_MS + LATE_MS]),
      ...MODES.map((mode) => assertLate(mode, "silent", inTime, short)),
      ...MODES.map((mode) => assertLate(mode, "trickling", inTime, short)),
    ]);
  },
});

for (const mode of MODES) {
  Deno.test({
    name: `${mode}: a multiplexer that accepts no more connections is a timeout`,
    ignore: !need("cc", "python3"),
    fn: () =>
      withDir(async (dir) => {
        const path = `${dir}/full.sock`;
        await using full = start(["python3", "-c", programText("full_backlog"), path]);
        await until("the backlog is full", () => full.output().includes("full"));
        await Deno.writeFile(`${dir}/${PORT}.sock`, firecrackerFile(path, GUEST_PORT));
        const settings = { UNSOCK_CONNECT_TIMEOUT_MS: String(SHORT_TIMEOUT_MS) };
        assertStrictEquals((await dial(mode, dir, { ports: [PORT], settings })).get("connect"), "ETIMEDOUT");
      }),
  });

  Deno.test({
    name: `${mode}: without a multiplexer the connection is refused`,
    ignore: !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        await Deno.writeFile(`${dir}/${PORT}.sock`, firecrackerFile(`${dir}/missing.sock`, GUEST_PORT));
        assertStrictEquals((await dial(mode, dir, { ports: [PORT] })).get("connect"), "ECONNREFUSED");
      }),
  });
}

/** The echo server that a failed descriptor connects to next: it greets, and sends back what comes. */
function startNext(dir: string): AsyncDisposable {
  const listener = Deno.listen({ transport: "unix", path: `${dir}/${NEXT_PORT}.sock` });
  const running = (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode("next\n"));
      await connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await running;
    },
  };
}

/** @returns How long the failed connect took, in milliseconds. */
async function assertFails(
  mode: DialMode,
  behaviour: Behaviour | "faithful",
  errno: string,
  settings: Record<string, string> = {},
): Promise<number> {
  let elapsed = -1;
  await withMultiplexer(behaviour, async ({ dir }) => {
    await using _next = startNext(dir);
    const facts = await dial(mode, dir, { ports: [PORT, NEXT_PORT], settings });
    assertStrictEquals(facts.get("connect"), errno);
    assertStrictEquals(facts.get("next connect"), "ok");
    assertStrictEquals(facts.get("received"), "next|ping|");
    assertStrictEquals(facts.get("peer"), `127.0.0.1 port ${NEXT_PORT}`);
    assertIntact(facts);
    elapsed = Number(facts.get("milliseconds"));
  });
  return elapsed;
}

/** The descriptor is the one that the program opened, before and after. */
function assertIntact(facts: Map<string, string>): void {
  for (const name of UNCHANGED) assertStrictEquals(facts.get(name), "yes", name);
}
