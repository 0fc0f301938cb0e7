/** Connects by Firecracker's multiplexer that do not wait for its answer: told of later, as a TCP connect is. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { type Facts, readFacts } from "../support/facts.ts";
import { GUEST_PORT, PORT, withMultiplexer } from "../support/firecracker.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { unsock } from "../cli/unsock.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

/** The outcome of `curl --connect-timeout`: its time was up. */
const TIMED_OUT = 28;

/** Runs a program under the library. Returns what it told. */
async function python(
  program: string,
  dir: string,
  settings: Record<string, string> = {},
  ...args: string[]
): Promise<Facts> {
  const command = ["python3", "-c", program, String(PORT), ...args];
  const { code, stdout, stderr } = await run(command, { env: libraryEnv(dir, settings) });
  assertStrictEquals(code, 0, stderr);
  return readFacts(stdout);
}

Deno.test({
  name: "curl's own limit holds while the guest stands still",
  ignore: !need("curl"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const limits = ["--connect-timeout", "1", "--max-time", "4"];
      const client = await run(["curl", "-sS", "-w", "%{http_connect}", ...limits, `http://127.0.0.1:${PORT}/`], {
        env: libraryEnv(dir, { UNSOCK_CONNECT_TIMEOUT_MS: "60000" }),
      });
      assertStrictEquals(client.code, TIMED_OUT, client.stderr);
    }),
});

Deno.test({
  name: "a connect that does not wait is in progress, and neither connected nor writable until the guest answers",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const said = await python(
        programText("in_progress"),
        dir,
      );
      assertEquals(said, {
        connect: "EINPROGRESS",
        "connect once more": "EALREADY",
        poll: [],
        epoll: [],
        getpeername: "ENOTCONN",
        send: "EAGAIN",
        recv: "EAGAIN",
      });
    }),
});

for (const wait of ["poll", "epoll", "edges", "select"]) {
  Deno.test({
    name: `a program that waits by ${wait} gets the answer, and reads the data that follow it`,
    ignore: !need("python3"),
    fn: () =>
      withMultiplexer({ kind: "eager", text: "hello\n" }, async ({ dir, multiplexer }) => {
        const said = await python(
          programText("hear_of_answer"),
          dir,
          {},
          wait,
        );
        assertEquals(said, {
          connect: "EINPROGRESS",
          events: 1,
          error: "ok",
          "connect then": "ok",
          "connect once more": "EISCONN",
          peer: ["127.0.0.1", PORT],
          read: ["hello", "ping"],
        });
        assertEquals(multiplexer.requests, [`CONNECT ${GUEST_PORT}\n`]);
      }),
  });

  Deno.test({
    name: `a program that waits by ${wait} gets a refusal, and the time-out of the setting`,
    ignore: !need("python3"),
    fn: async () => {
      const script = programText("hear_of_end");
      for (
        const [kind, errno, most] of [["refusing", "ECONNREFUSED", "30000"], ["silent", "ETIMEDOUT", "150"]] as const
      ) {
        await withMultiplexer({ kind }, async ({ dir }) => {
          const said = await python(script, dir, { UNSOCK_CONNECT_TIMEOUT_MS: most }, wait);
          const then = ["ECONNABORTED", "EINPROGRESS"];
          assertEquals(said, { connect: "EINPROGRESS", told: true, error: errno, "connect then": then });
        });
      }
    },
  });
}

for (const way of ["close", "dup2", "close_range"]) {
  Deno.test({
    name: `a duplicate gets the answer, or the time-out, after ${way} of the descriptor that connected`,
    ignore: !need("python3"),
    fn: async () => {
      await withMultiplexer({ kind: "eager", text: "hello\n" }, async ({ dir }) => {
        const said = await python(programText("duplicate"), dir, {}, way, "answer");
        assertEquals(said, { connect: "EINPROGRESS", events: 1, error: "ok", read: "hello\n" });
      });
      await withMultiplexer({ kind: "silent" }, async ({ dir }) => {
        const said = await python(programText("duplicate"), dir, { UNSOCK_CONNECT_TIMEOUT_MS: "150" }, way, "silence");
        assertEquals(said, { connect: "EINPROGRESS", events: 1, error: "ETIMEDOUT", read: null });
      });
    },
  });
}

for (const first of ["the parent", "the child"]) {
  Deno.test({
    name: `after a fork both processes get the answer, which ${first} reads, and none reads data for it`,
    ignore: !need("python3"),
    fn: () =>
      withMultiplexer({ kind: "eager", text: "hello\n" }, async ({ dir }) => {
        assertEquals(await python(programText("forked"), dir, {}, first), {
          connect: "EINPROGRESS",
          "the parent: events": 1,
          "the parent: error": "ok",
          "the child: events": 1,
          "the child: error": "ok",
          read: "hello\n",
          "the child ends": 0,
        });
      }),
  });
}

Deno.test({
  name: "epoll_pwait2 reports the time-out, too",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const said = await python(
        programText("epoll_pwait2"),
        dir,
        { UNSOCK_CONNECT_TIMEOUT_MS: "150" },
      );
      assertEquals(said, { connect: "EINPROGRESS", events: 1, error: "ETIMEDOUT" });
    }),
});

Deno.test({
  name: "a half-close does not take the answer away, and a control file can pass it on",
  ignore: !need("socat"),
  fn: async () => {
    const answer = `printf 'question\n' | socat -t 30 - TCP:127.0.0.1:${PORT}`;
    for (const [value, expected] of [[undefined, "answer\n"], ["hold", "answer\n"], ["pass", ""]] as const) {
      await withMultiplexer("faithful", async ({ dir, guest, path }) => {
        if (value !== undefined) {
          await Deno.remove(`${dir}/${PORT}.sock`);
          const options = ["--fc-sock", path, "--vsock-port", `${GUEST_PORT}`, "--half-close", value];
          const made = await unsock(["make-control", "--dir", dir, "--port", `${PORT}`, ...options]);
          assertStrictEquals(made.code, 0, made.stderr);
        }
        const log = `${dir}/log`;
        const serve = [`UNIX-LISTEN:${guest}/${GUEST_PORT}.sock`, "SYSTEM:read line; sleep 0.1; echo answer"];
        await using _server = start(["socat", ...serve]);
        await until("listening", () => Deno.stat(`${guest}/${GUEST_PORT}.sock`).then(() => true, () => false));
        const client = await run(["sh", "-c", answer], { env: libraryEnv(dir, { UNSOCK_LOG: log }) });
        assertStrictEquals(client.stdout, expected, client.stderr);
        assertStrictEquals(Deno.readTextFileSync(log).includes("held back until close"), value !== "pass");
      });
    }
  },
});

Deno.test({
  name: "an event loop goes on while a guest is stopped",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir }) => {
      const script = programText("event_loop");
      const said = await python(script, dir, { UNSOCK_CONNECT_TIMEOUT_MS: "60000" });
      assertEquals(said, { "connected or refused meanwhile": false });
    }),
});

Deno.test({
  name: "a signal interrupts a blocking connect, and the next connect waits for the same connection",
  ignore: !need("python3"),
  fn: () =>
    withMultiplexer({ kind: "silent" }, async ({ dir, multiplexer }) => {
      const script = programText("interrupted");
      const settings = { UNSOCK_CONNECT_TIMEOUT_MS: "60000" };
      await using client = start(["python3", "-c", script, String(PORT)], { env: libraryEnv(dir, settings) });
      await until("the multiplexer is asked", () => multiplexer.requests.length === 1);
      await until("the signal ends it", () => {
        if (client.output().includes("EALREADY")) return true;
        Deno.kill(client.pid, "SIGUSR1");
        return false;
      });
      assertEquals(client.output().trim().split("\n"), ["ready", "EINTR", "EALREADY"]);
      assertStrictEquals(multiplexer.requests.length, 1);
    }),
});
