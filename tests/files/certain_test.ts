/** A live server's file is never removed, whoever holds it and however little of that can be seen. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { namesIn, withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { findProgram, need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { libraryEnv } from "../support/library.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");
const PYTHON = "/usr/bin/python3";

async function tries(dir: string, command: string[] = [PYTHON, "-c", programText("try")]): Promise<string> {
  const { stdout, stderr } = await run(command, { env: libraryEnv(dir) });
  assertStrictEquals(stderr, "");
  return stdout;
}

/** Ways to start a server so that nobody sees who it is. */
const UNSEEN: readonly { story: string; command: string[]; why?: string | undefined }[] = [
  {
    story: "in another PID namespace",
    command: ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"],
    why: whyNoOtherUser() ?? (findProgram("unshare") === undefined ? "unshare is not there" : undefined),
  },
  { story: "of another user", command: asNobody([]), why: whyNoOtherUser() },
];

for (const { story, command, why } of UNSEEN) {
  Deno.test(
    `a server ${story} keeps its file, and serves on`,
    { ignore: ignore || why !== undefined },
    () =>
      withDir(async (dir) => {
        await Deno.chmod(dir, 0o777);
        await using server = start([...command, PYTHON, "-c", programText("serve")], { env: libraryEnv(dir) });
        await until("serving", () => server.output().includes("serves"));
        assertStrictEquals(await tries(dir), "EADDRINUSE\nfirst\n");
      }),
  );
}

Deno.test(
  "a listener in transit to another process keeps its file, although no process has it open",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(programText("handed_on"), dir), "['2001.sock'] served\n");
      await until("its last holder's file is gone", () => [...Deno.readDirSync(dir)].length === 0);
    }),
);

Deno.test(
  "a listener that a program outside the library has inherited keeps its file",
  { ignore },
  () =>
    withDir(async (dir) => {
      await using family = start([PYTHON, "-c", programText("inherited")], { env: libraryEnv(dir) });
      await family.status;
      assertEquals(namesIn(dir), ["2001.sock"]);
      const { stdout } = await run([PYTHON, "-c", programText("try"), "alone"], { env: libraryEnv(dir) });
      assertStrictEquals(stdout, "EADDRINUSE\n");
    }),
);

/**
 * A port that no other test has: the names of all sockets show whether another user's file may still be in use, in
 * whatever directory.
 */
const PORT = 10_000 + (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % 20_000;

async function leave(
  dir: string,
  as: (command: string[]) => string[],
  extra: Record<string, string>,
  ...words: string[]
) {
  await run(as([PYTHON, "-c", programText("leave"), `${PORT}`, ...words]), { env: libraryEnv(dir, extra) });
  assertEquals(namesIn(dir), [`${PORT}.dgram.sock`, `${PORT}.sock`]);
}

async function keepsNoPort(dir: string, asked: readonly string[]) {
  await Deno.chmod(dir, 0o777);
  const before = Date.now();
  await leave(dir, (command) => command, {}, "022", ...asked);
  // The note that says whose file it is leaves the time that `ls -l` shows as it was, to the second.
  const files = [...Deno.readDirSync(dir)].map(({ name }) => name);
  const later = files.map((name) => (Deno.lstatSync(`${dir}/${name}`).mtime?.getTime() ?? 0) - before);
  assertEquals(files.filter((_, i) => Math.abs(later[i] ?? 0) > 3_600_000), []);
  const { stdout, stderr } = await run(asNobody([PYTHON, "-c", programText("take"), `${PORT}`]), {
    env: libraryEnv(dir),
  });
  assertStrictEquals(stdout, "bound\n", stderr);
  assertEquals([...Deno.readDirSync(dir)], []);
}

for (const [story, ...asked] of [["nobody asked"], ["clients asked", "asked"]] as const) {
  Deno.test(`stale files of another user, whom ${story}, in a directory of both do not keep the port`, {
    ignore: ignore || whyNoOtherUser() !== undefined,
  }, () => withDir((dir) => keepsNoPort(dir, asked)));
}

const SHUT_OUT: readonly { story: string; extra: Record<string, string>; umask: string }[] = [
  { story: "a umask that shuts out the owner", extra: {}, umask: "777" },
  { story: "UNSOCK_MODE without the owner's rights", extra: { UNSOCK_MODE: "066" }, umask: "022" },
];

for (const { story, extra, umask } of SHUT_OUT) {
  Deno.test(`the port comes back under ${story}, after close and after a kill`, {
    ignore: ignore || whyNoOtherUser() !== undefined,
  }, () =>
    withDir(async (dir) => {
      await Deno.chmod(dir, 0o777);
      await leave(dir, asNobody, extra, umask);
      for (let i = 0; i < 2; i++) {
        const { stdout, stderr } = await run(asNobody([PYTHON, "-c", programText("take"), `${PORT}`, umask]), {
          env: libraryEnv(dir, extra),
        });
        assertStrictEquals(stdout, "bound\n", stderr);
        assertEquals([...Deno.readDirSync(dir)], []);
      }
    }));
}

const OTHER_NAMESPACE = "unshare --net --fork --kill-child --";

Deno.test("another user's file that may live in another network namespace is left alone", {
  ignore: ignore || whyNoOtherUser() !== undefined || findProgram("unshare") === undefined,
}, () =>
  withDir(async (dir) => {
    await Deno.chmod(dir, 0o777);
    await leave(dir, (command) => [...OTHER_NAMESPACE.split(" "), ...command], {}, "022");
    const { stdout, stderr } = await run(asNobody([PYTHON, "-c", programText("take"), `${PORT}`]), {
      env: libraryEnv(dir),
    });
    assertStrictEquals(stdout, "");
    assertMatch(stderr, /Address already in use/);
  }));
