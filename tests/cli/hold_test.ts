/** `libunsock.so hold`: a private directory for who starts programs in it himself, until standard input ends. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimLibrary } from "../support/shim.ts";
import { until } from "../support/wait.ts";
import { assertFails } from "./unsock.ts";

const hold = (dir: string, ...options: string[]) => [shimLibrary(), "hold", "--dir", dir, ...options];

Deno.test("hold prints what puts a program there, answers each request, and leaves nothing", () =>
  withDir(async (dir) => {
    const requests = ["map 80=/x", "map 80=/y", "map 53/udp=rel-%p", "other", ""].map((text) => `${text}\0`).join("");
    const { code, stdout, stderr } = await run(hold(dir, "--port", "1-100"), { stdin: requests, cwd: dir });
    assertEquals([code, stderr], [0, ""]);
    const end = stdout.indexOf("\0\0");
    const variables = new Map(stdout.slice(0, end).split("\0").map((text) => text.split("=") as [string, string]));
    assertMatch(variables.get("UNSOCK_DIR") ?? "", new RegExp(`^${dir}/private/[0-9a-f]{6}$`));
    assertEquals([variables.get("UNSOCK_PORT"), variables.get("LD_PRELOAD")], ["1-100", shimLibrary()]);
    const [first, second, third, ...others] = stdout.slice(end + 2).split("\0");
    assertEquals([first, third], ["", ""]);
    assertMatch(second ?? "", /80\.sock: exists already, and leads to Unix socket \/x: /);
    assertEquals(others, ['hold: no such request: "other"', 'hold: no such request: ""', ""]);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("hold refuses before it makes anything, in one line", () =>
  withDir(async (dir) => {
    const off = await run(hold(`${dir}/s`), { env: { UNSOCK_OFF: "1" } });
    assertFails(off, 125, /run: hold: UNSOCK_OFF=1 is set, and nothing would be redirected/);
    assertFails(await run(hold(`${dir}/s`, "--map", "80")), 125, /--map: not PORT=PATH/);
    assertFails(await run(hold(`${dir}/none/s`)), 125, /none does not exist/);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test({
  name:
    "hold ends with its standard input all that runs there, whatever it ignores, and nobody else; no signal ends it before",
  ignore: !need("mkfifo"),
  fn: () =>
    withDir(async (dir) => {
      // Whoever opened the pipe for writing, and goes, ends standard input.
      const script = `mkfifo in; ${hold(`${dir}/s`).join(" ")} <in >out & echo $!; exec sleep 1000 >in`;
      await Deno.mkdir(`${dir}/s`, { mode: 0o700 });
      await using writer = start(["sh", "-c", script], { cwd: dir });
      const text = await until("it is there", async () => {
        const told = await Deno.readTextFile(`${dir}/out`).catch(() => "");
        return told.includes("\0\0") && told;
      });
      const directory = /UNSOCK_DIR=([^\0]*)/.exec(text)?.[1] ?? "";
      const env = { UNSOCK_DIR: directory };
      await using inside = start(["sh", "-c", "trap '' TERM; echo; sleep 1000"], { env });
      await using outside = start(["sh", "-c", "echo; exec sleep 1000"], { env: { UNSOCK_DIR: `${directory}x` } });
      for (const one of [inside, outside]) await until("it runs", () => one.output() === "\n");
      const keeper = Number(writer.output());
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.kill(keeper, signal);
      assert(Deno.statSync(directory).isDirectory);
      Deno.kill(writer.pid, "SIGKILL");
      assertStrictEquals((await inside.status).signal, "SIGKILL");
      await until("the directory is gone", () => Deno.lstat(directory).then(() => false, () => true));
      assert(Deno.statSync(`/proc/${outside.pid}`).isDirectory, "another's is left alone");
    }),
});
