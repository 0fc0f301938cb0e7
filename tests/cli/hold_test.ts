/** `libunsock.so hold`: a private directory for who starts programs in it himself, until standard input ends. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { isAlive, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { DAEMON_PROGRAMS, daemonPids, startDaemons } from "./daemons.ts";
import { assertFails } from "./unsock.ts";

const programText = programsOf(import.meta);

const hold = (dir: string, ...options: string[]) => [libraryFile(), "hold", "--dir", dir, ...options];

/** A request as `hold` reads it: its length in bytes, and the text. */
const framed = (text: string) => `${new TextEncoder().encode(text).length}\n${text}`;

/** The variables that `hold` printed, and its answers. */
function readOutput(stdout: string) {
  const end = stdout.indexOf("\0\0");
  const variables = new Map(stdout.slice(0, end).split("\0").map((text) => text.split("=") as [string, string]));
  return { variables, answers: stdout.slice(end + 2).split("\0") };
}

Deno.test("hold prints the variables for programs in its directory, answers each request, and removes everything at its end", () =>
  withDir(async (dir) => {
    const requests = ["map 80=/x", "map 80=/y", "map 53/udp=rel-%p", "other", ""].map(framed).join("");
    const { code, stdout, stderr } = await run(hold(dir, "--port", "1-100"), { stdin: requests, cwd: dir });
    assertEquals([code, stderr], [0, ""]);
    const { variables, answers: [first, second, third, ...others] } = readOutput(stdout);
    assertMatch(variables.get("UNSOCK_DIR") ?? "", new RegExp(`^${dir}/private/[0-9a-f]{6}$`));
    assertEquals([variables.get("UNSOCK_PORT"), variables.get("LD_PRELOAD")], ["1-100", libraryFile()]);
    assertEquals([first, third], ["", ""]);
    assertMatch(second ?? "", /80\.sock: exists already, and leads to Unix socket \/x: /);
    assertEquals(others, ['hold: no such request: "other"', 'hold: no such request: ""', "", ""]);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("hold answers a bad request with an error, and the next one as if it had not been", () =>
  withDir(async (dir) => {
    const bad = [
      framed(`map 80=/${"x".repeat(9000)}`),
      framed("map 81=/a\0unused"),
      "x\n",
      "-3\n",
      "\n",
      `${"9".repeat(40)}\n`,
      framed("é"),
    ];
    const requests = bad.map((one) => one + framed("map 80=/x")).join("");
    const { code, stdout } = await run(hold(dir), { stdin: requests });
    assertStrictEquals(code, 0);
    const { answers } = readOutput(stdout);
    const noLength = "hold: bad request: not a length in bytes, a newline and a text of that length";
    const said = [
      "hold: bad request: longer than 8192 bytes",
      "hold: bad request: a NUL in the text",
      noLength,
      noLength,
      'hold: no such request: ""',
      noLength,
      'hold: no such request: "é"',
    ];
    assertEquals(answers, [...said.flatMap((one) => [one, ""]), "", ""]);
    const cut = await run(hold(dir), { stdin: `${framed("map 80=/x")}9\nmap 80=` });
    assertEquals(readOutput(cut.stdout).answers, ["", "", ""]);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("hold refuses before it makes anything, in one line", () =>
  withDir(async (dir) => {
    const off = await run(hold(`${dir}/s`), { env: { UNSOCK_OFF: "1" } });
    assertFails(off, 125, /run: hold: UNSOCK_OFF=1 is set, and nothing would be redirected/);
    assertFails(await run(hold(`${dir}/s`, "--map", "80")), 125, /--map: not PORT=PATH/);
    assertFails(await run(hold(`${dir}/none/s`)), 125, /none does not exist/);
    assertFails(await run(hold(`${dir}/s`, "true")), 125, /^unsock: hold: too many arguments: "true"\n$/);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test({
  name: "hold ends all processes of its directory, and no others, when standard input ends; no signal ends it before",
  ignore: !need("mkfifo"),
  fn: () =>
    withDir(async (dir) => {
      // Standard input ends when the process that writes to the pipe ends.
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

/** A `hold` whose standard input is open until `end`, which gives its last answer and its status. */
async function startHold(dir: string) {
  const [file = "", ...args] = hold(dir);
  const keeper = new Deno.Command(file, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const [mine, theirs] = keeper.stdout.tee();
  const reader = mine.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\0\0")) text += (await reader.read()).value ?? "";
  reader.cancel();
  return {
    directory: readOutput(text).variables.get("UNSOCK_DIR") ?? "",
    async end() {
      const answers = new Response(theirs).text();
      await keeper.stdin.close();
      const { code } = await keeper.status;
      await keeper.stderr.cancel();
      return { code, last: readOutput(await answers).answers.at(-2) };
    },
  };
}

for (const [kind, engine] of [["tcp", "preload"], ["udp", "preload"], ["tcp", "trap"]]) {
  Deno.test({
    name: `hold ends a daemon whose title overwrites its environment, and the daemon's children (${kind}, ${engine})`,
    ignore: !need("python3"),
    fn: () =>
      withDir(async (dir) => {
        const { directory, end } = await startHold(dir);
        const words = ["--dir", directory, "--engine", `${engine}`, "--", "python3", "-c", programText("titled")];
        const started = await run([libraryFile(), "run", ...words, `${kind}`, `${dir}/pids`]);
        assertStrictEquals(started.code, 0, started.stderr);
        const pids = (await until("it is there", () => Deno.readTextFile(`${dir}/pids`).catch(() => ""))).split(" ");
        for (const pid of pids) assert(isAlive(pid), pid);
        assertEquals(await end(), { code: 0, last: "" });
        for (const pid of pids) await until("it has ended", () => !isAlive(pid));
        assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["pids"]);
      }),
  });
}

for (const engine of ["preload", "trap"]) {
  Deno.test({
    name: `hold ends redis and nginx, which have gone into the background (${engine})`,
    ignore: !need(...DAEMON_PROGRAMS),
    fn: () =>
      withDir(async (dir) => {
        const { directory, end } = await startHold(dir);
        const words = ["--dir", directory, "--engine", engine, "--", ...startDaemons(dir)];
        const started = await run([libraryFile(), "run", ...words]);
        assertStrictEquals(started.stdout, "served", started.stderr);
        const pids = daemonPids(dir);
        for (const pid of pids) assert(isAlive(pid), `${pid}`);
        assertEquals(await end(), { code: 0, last: "" });
        for (const pid of pids) await until("it has ended", () => !isAlive(pid));
      }),
  });
}

Deno.test("hold leaves its caller alone, whose own socket is in the directory, and says that it could not be ended", () =>
  withDir(async (dir) => {
    const { directory, end } = await startHold(dir);
    using _server = Deno.listen({ transport: "unix", path: `${directory}/80.sock` });
    const last = `hold: not ended: the caller, or a process that cannot be seen: uses ${directory}`;
    assertEquals(await end(), { code: 1, last });
  }));
