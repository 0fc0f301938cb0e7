/** UNSOCK_LOG: what it says, and that no program is ended or changed by it. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { buildProbe, runUnderLibrary } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const options = { ignore: !need("cc") };

/** Runs the probe with the log in a file, or on stderr. */
async function facts(what: string, log: string): Promise<string[]> {
  return (await runUnderLibrary(await buildProbe("log_corners"), { UNSOCK_LOG: log }, what)).facts;
}

for (
  const [what, expected, story] of [
    ["reader", ["without a reader: 0"], "a log whose reader has gone does not end the program"],
    [
      "blocked",
      ["without a reader: 0", "SIGPIPE is pending: yes"],
      "a log whose reader has gone leaves signals as they were",
    ],
    ["reopened", ["bytes in the file: 0"], "no line of the log goes into a file that descriptor 2 has become"],
    [
      "connection",
      ["the connection's number: 2", "the peer hears: EAGAIN"],
      "no line of the log goes into a connection that descriptor 2 has become",
    ],
  ] as const
) {
  Deno.test(story, options, async () => assertEquals(await facts(what, "stderr"), [...expected]));
}

Deno.test("a log that may not grow does not end the program", options, () =>
  withDir(async (dir) => {
    const log = join(dir, "log");
    assertEquals(await facts("limit", log), ["SIGXFSZ is pending: no"]);
  }));

Deno.test(
  "a line of the log has time, process, program, call, descriptor, address, file and result",
  options,
  () =>
    withDir(async (dir) => {
      const log = join(dir, "log");
      await run([await buildProbe("one_client"), "stream", "127.0.0.1", "4712"], {
        env: libraryEnv(dir, { UNSOCK_LOG: log }),
      });
      const line = /^\d+\.\d{6} \d+ one_client connect \d+ 127\.0\.0\.1:4712 (\S+) ECONNREFUSED$/m;
      assertStrictEquals(line.exec(Deno.readTextFileSync(log))?.[1], join(dir, "4712.sock"));
    }),
);

Deno.test(
  "the log has the calls that UNSOCK_BLOCK_INET refuses",
  { ignore: !need("python3") },
  () =>
    withDir(async (dir) => {
      const log = join(dir, "log");
      const code = programText("refused_by_settings");
      const { stderr } = await run(["python3", "-c", code], {
        env: libraryEnv(dir, { UNSOCK_LOG: log, UNSOCK_BLOCK_INET: "1" }),
      });
      assertStrictEquals(stderr, "");
      const lines = Deno.readTextFileSync(log).matchAll(/^\S+ \d+ python3\S* (\w+) \d+ (\S+) (.*)$/gm);
      assertEquals([...lines].map((match) => match.slice(1).join(" ")), [
        "connect 192.0.2.1:80 - EACCES",
        "bind 192.0.2.1:81 - EACCES",
        "connect [2001:db8::1]:82 - EACCES",
        "sendto 192.0.2.1:83 - EACCES",
      ]);
    }),
);

Deno.test(
  "the log has the calls that permissions refuse, with the program's name",
  { ignore: !need("python3") },
  () =>
    withDir(async (dir) => {
      const code = programText("refused_by_rights");
      const { stdout, stderr } = await run(["python3", "-c", code], { env: libraryEnv(dir, { UNSOCK_LOG: "stderr" }) });
      await Deno.chmod(dir, 0o755);
      assertStrictEquals(stdout, "13\n13\n", stderr);
      const lines = stderr.matchAll(/^\S+ \d+ python3\S* (\w+) \d+ (\S+) (\S+) EACCES$/gm);
      assertEquals([...lines].map((match) => match.slice(1).join(" ")), [
        `connect 127.0.0.1:4713 ${dir}/.4713@127.0.0.1`,
        `bind 127.0.0.1:4714 ${dir}/.4714@127.0.0.1`,
      ]);
    }),
);

Deno.test("a log that cannot be written is refused at start", options, () =>
  withDir(async (dir) => {
    const log = join(dir, "missing", "log");
    const { code, stderr } = await run(["true"], { env: libraryEnv(dir, { UNSOCK_LOG: log }) });
    assertStrictEquals(code, 1);
    assertStrictEquals(stderr, `unsock: UNSOCK_LOG: cannot be written (ENOENT): "${log}"\n`);
  }));
