/** The directory's lock: who may have it, who loses it, and what becomes of those who wait. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { type Proc, run, settles, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { buildTool } from "./tool.ts";

const programText = programsOf(import.meta);

const SOURCES = {
  files: ["directory", "lock"],
  kernel: ["file_info"],
  memory: ["this_process"],
  rt: ["code", "libc", "mem", "sys", "text", "user"],
};
const ignore = !need("cc") || !need("python3");

/** A directory of socket files with somebody's tool beside it. */
async function withTool(mode: number, fn: (dir: string, tool: string) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    await Deno.chmod(dir, 0o755);
    const tool = await buildTool(dir, "lock_tool.c", SOURCES);
    await Deno.mkdir(`${dir}/s`);
    await Deno.chmod(`${dir}/s`, mode);
    await fn(`${dir}/s`, tool);
  });
}

async function says(tool: Proc, what: RegExp): Promise<string> {
  return (await until(`${what}`, () => what.exec(tool.output())))[0];
}

/** A program under the library that binds port 2001. */
async function bind(dir: string, as: (command: string[]) => string[] = (command) => command): Promise<string> {
  const { stdout, stderr } = await run(as(["python3", "-c", programText("bind")]), { env: libraryEnv(dir) });
  assertStrictEquals(stderr, "");
  return stdout.trim();
}

/** A socket file whose socket is gone. */
async function leaveFile(dir: string): Promise<number | null> {
  const { code } = await run(["python3", "-c", programText("leave_file")], { env: { UNSOCK_DIR: dir } });
  assertStrictEquals(code, 0);
  return Deno.statSync(`${dir}/2001.sock`).ino;
}

const HOLDERS = [
  { story: "is at work", stop: false },
  { story: "is stopped", stop: true },
];

for (const { story, stop } of HOLDERS) {
  Deno.test(`a holder of the lock that ${story} makes others wait and then fail; nothing is removed meanwhile`, {
    ignore,
  }, () =>
    withTool(0o700, async (dir, tool) => {
      const inode = await leaveFile(dir);
      await using holder = start([tool, dir, "hold"], { stdin: undefined });
      await using waiting = start([tool, dir, "fork"]);
      // Without a standard input the first one has dropped the lock again, so the second one has it for as long as it lives.
      const child = Number(await says(waiting, /\d+/));
      await holder.status;
      if (stop) Deno.kill(waiting.pid, "SIGSTOP");
      assertStrictEquals(await bind(dir), "EADDRINUSE");
      assertStrictEquals(Deno.statSync(`${dir}/2001.sock`).ino, inode);
      Deno.kill(waiting.pid, "SIGKILL");
      await waiting.status;
      assertStrictEquals(await bind(dir), "bound", "freed at once by the kill, though a child forked meanwhile lives");
      Deno.kill(child, "SIGKILL");
      assertEquals([...Deno.readDirSync(dir)], []);
    }));
}

Deno.test("a process with many sockets does not wait for each of them if the lock's holder is stopped", {
  ignore,
}, () =>
  withTool(0o700, async (dir, tool) => {
    await using many = start(["python3", "-c", programText("many")], { env: libraryEnv(dir) });
    await until("all are bound", () => many.output().includes("bound"));
    await using holder = start([tool, dir, "fork"]);
    const child = Number(await says(holder, /\d+/));
    Deno.kill(holder.pid, "SIGSTOP");
    Deno.kill(many.pid, "SIGUSR1");
    assertStrictEquals(await settles(many.status, 30_000), true, "it has ended by itself");
    for (const pid of [holder.pid, child]) Deno.kill(pid, "SIGKILL");
    await holder.status;
  }));

Deno.test("a user who may only read the directory can neither take the lock nor slow down users who may write", {
  ignore: ignore || whyNoOtherUser() !== undefined,
}, () =>
  withTool(0o755, async (dir, tool) => {
    await using holder = start([tool, dir, "fork"]);
    const child = Number(await says(holder, /\d+/));
    const reader = await run(asNobody(["/usr/bin/python3", "-c", programText("may_only_read"), dir]));
    assertStrictEquals(reader.stdout, "locked the directory\n", reader.stderr);
    for (const pid of [holder.pid, child]) Deno.kill(pid, "SIGKILL");
    await holder.status;
    await leaveFile(dir);
    await using staying = start(
      asNobody(["sh", "-c", `exec 9<"$1" && flock -x 9 && echo locked && exec sleep 60`, "sh", dir]),
    );
    await says(staying, /locked/);
    assertStrictEquals(await bind(dir), "bound");
  }));

Deno.test("in a directory where several users may write all of them have the same lock", {
  ignore: ignore || whyNoOtherUser() !== undefined,
}, () =>
  withTool(0o777, async (dir, tool) => {
    await using holder = start(asNobody([tool, dir, "fork"]));
    const child = Number(await says(holder, /\d+/));
    assertStrictEquals((await run([tool, dir, "try"])).stdout, "Address already in use\n");
    for (const pid of [holder.pid, child]) Deno.kill(pid, "SIGKILL");
    await holder.status;
    assertStrictEquals((await run([tool, dir, "try"])).stdout, "taken\n");
    await using root = start([tool, dir, "fork"]);
    const other = Number(await says(root, /\d+/));
    assertStrictEquals((await run(asNobody([tool, dir, "try"]))).stdout, "Address already in use\n");
    for (const pid of [root.pid, other]) Deno.kill(pid, "SIGKILL");
    await root.status;
    assertStrictEquals((await run(asNobody([tool, dir, "try"]))).stdout, "taken\n");
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("if the directory is not writable, or its file system full, the lock is refused at once", {
  ignore: ignore || whyNoOtherUser() !== undefined,
}, () =>
  withTool(0o755, async (dir, tool) => {
    assertStrictEquals((await run(asNobody([tool, dir, "try"]))).stdout, "Permission denied\n");
    assertStrictEquals((await run([tool, `${dir}/missing`, "try"])).stdout, "Permission denied\n");
    assertStrictEquals((await run([tool, dir, "full"])).stdout, "No buffer space available\n");
  }));

const KEPT: Facts = { mode: "0o200", "the same for the next server": true };

for (
  const [how, mode, said, left] of [
    ["leaves at the end", 0o700, KEPT, false],
    ["fork", 0o755, { ...KEPT, "there when a child has ended": true }, false],
    ["opened", 0o700, { ...KEPT, "there when others may write": false }, false],
    ["killed", 0o700, KEPT, true],
    ["shared with others", 0o777, { mode: null, "the same for the next server": false }, false],
  ] as const
) {
  Deno.test(`the lock's file stays where only its owner may write, as long as the process that left it (${how})`, {
    ignore: !need("python3"),
  }, () =>
    withDir(async (dir) => {
      await Deno.chmod(dir, mode);
      const env = libraryEnv(dir);
      const { stdout, stderr } = await run(["python3", "-c", programText("leaves_lock"), how], { env });
      assertEquals(readFacts(stdout), said, stderr);
      assertEquals(Array.from(Deno.readDirSync(dir), ({ name }) => name), left ? [".unsock.lock"] : []);
      // The end of the next one takes away what was left.
      await run(["python3", "-c", programText("leaves_lock"), "leaves at the end"], { env });
      assertEquals([...Deno.readDirSync(dir)], []);
    }));
}
