/** `unsock run --isolate`: no network but unsock's. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { copyProgram, withDir } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { run, type RunResult, start } from "../support/process.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { asNobody, NOBODY, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { assertFails, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);

/** Its interfaces, who it is, and what it may do. */
const WHO = 'cut -sd: -f1 /proc/net/dev; id -u; id -g; grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status';

/** How a machine answers that does not let this user make namespaces; a test has to know. */
const FORBIDDEN = /the system refuses a network namespace of its own: [^\n]*\n$/;

const CANNOT = !need("unshare") || !await mayUnshare();

const MAY_AS_NOBODY = !CANNOT && whyNoOtherUser() === undefined &&
  (await run(asNobody(["unshare", "-Un", "true"]))).code === 0;

function lines(result: RunResult): string[] {
  assertStrictEquals(result.code, 0, result.stderr);
  return result.stdout.trim().split("\n").map((line) => line.trim());
}

Deno.test({
  name: "--isolate: the network has lo alone, the user stays the same, and no process stays between",
  ignore: CANNOT,
  fn: () =>
    withDir(async (dir) => {
      const options = ["run", "--isolate", "--dir", `${dir}/s`, "--"];
      const [interfaces, uid, gid] = lines(await unsock([...options, "sh", "-c", WHO]));
      assertEquals([interfaces, uid, gid], ["lo", `${Deno.uid()}`, `${Deno.gid()}`]);
      const script = `echo $$; exec ${[...unsockCommand(), ...options].join(" ")} sh -c 'echo $$'`;
      const { stdout, stderr } = await run(["sh", "-c", script]);
      const [before, after] = stdout.trim().split("\n");
      assertStrictEquals(after, before, stderr);
    }),
});

Deno.test({
  name: "--isolate, as an ordinary user: lo alone, his own number, and no right more",
  ignore: !MAY_AS_NOBODY,
  fn: () =>
    withDir(async (dir) => {
      const program = await unsockForEverybody(dir);
      Deno.mkdirSync(`${dir}/s`);
      Deno.chownSync(`${dir}/s`, NOBODY, NOBODY);
      const isolated = (...words: string[]) =>
        run(asNobody([program, "run", "--isolate", "--dir", `${dir}/s`, ...words]), { cwd: "/", env: { HOME: dir } });
      const plain = await isolated("--", "sh", "-c", WHO);
      assertEquals(lines(plain).slice(0, 4), ["lo", `${NOBODY}`, `${NOBODY}`, "CapEff:\t0000000000000000"]);
      const rooms = await isolated("--private", "--engine", "trap", "--", "sh", "-c", `${WHO}; touch "$UNSOCK_DIR/x"`);
      assertEquals(lines(rooms), [...lines(plain).slice(0, 4), "NoNewPrivs:\t1", "Seccomp:\t2"]);
      assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
    }),
});

Deno.test({
  name: "--isolate: unsock's sockets work in both directions, and the machine's network does not",
  ignore: CANNOT || !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const words = (...options: string[]) => ["run", "--dir", `${dir}/s`, ...options, "--", "python3", "-c"];
      const isolated = words("--isolate", "--port", "8000,8001");
      await using inside = start([...unsockCommand(), ...isolated, programText("server"), "8000", "inside"]);
      await using outside = start([
        ...unsockCommand(),
        ...words("--port", "8000,8001"),
        programText("server"),
        "8001",
        "outside",
      ]);
      await using real = start(["python3", "-c", programText("server"), "0", "real"]);
      const port = await until("the real one listens", () => /^\d+\n/.test(real.output()) && real.output().trim());
      for (const server of [inside, outside]) await until("it listens", () => server.output().includes("\n"));
      assertStrictEquals(
        (await unsock([...words("--port", "8000,8001"), programText("client"), "8000"])).stdout,
        "inside\n",
      );
      assertStrictEquals((await unsock([...isolated, programText("client"), "8001"])).stdout, "outside\n");
      assertStrictEquals((await unsock([...isolated, programText("client"), port])).stdout, "ConnectionRefusedError\n");
      const open = await unsock([...words("--port", "8000,8001"), programText("client"), port]);
      assertStrictEquals(open.stdout, "real\n", "without the wall it is reached");
    }),
});

Deno.test({
  name: "--isolate: a command that changes to another user does",
  ignore: CANNOT || whyNoOtherUser() !== undefined,
  fn: () =>
    withDir(async (dir) => {
      Deno.mkdirSync(`${dir}/s`);
      Deno.chmodSync(dir, 0o755);
      Deno.chmodSync(`${dir}/s`, 0o711);
      const library = `${dir}/libunsock.so`;
      copyProgram(libraryFile(), library);
      Deno.chmodSync(library, 0o755);
      for (const room of [["--isolate"], ["--isolate", "--private"]]) {
        const options = ["run", ...room, "--dir", `${dir}/s`, "--lib", library, "--"];
        const changed = await unsock([...options, ...asNobody(["sh", "-c", `${WHO}; tr '\\0' '\\n' </proc/$$/maps`])]);
        assertEquals(lines(changed).slice(0, 3), ["lo", `${NOBODY}`, `${NOBODY}`]);
        assertMatch(changed.stdout, /libunsock\.so/, "and the library is in it");
      }
    }),
});

/** Older kernels let nobody set it in a user namespace. */
const QUEUE = "/proc/sys/net/unix/max_dgram_qlen";
const USER_MAY_SET = MAY_AS_NOBODY &&
  (await run(asNobody(["unshare", "-Urn", "sh", "-c", `echo 512 > ${QUEUE}`]))).code === 0;

for (const engine of ["preload", "trap"]) {
  Deno.test({
    name: `--isolate: a burst of datagrams is not lost, as over UDP (${engine})`,
    ignore: CANNOT || !need("python3"),
    fn: () =>
      withDir(async (dir) => {
        const command = ["python3", "-c", programText("burst")];
        assertEquals(lines(await run(command)), ["250"]);
        assertEquals(lines(await unsock(["run", "--isolate", "--engine", engine, "--dir", `${dir}/s`, ...command])), [
          "250",
        ]);
      }),
  });
}

Deno.test({
  name: "--isolate, as an ordinary user: a burst of datagrams is not lost, as over UDP",
  ignore: !USER_MAY_SET || !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const program = await unsockForEverybody(dir);
      Deno.mkdirSync(`${dir}/s`);
      Deno.chownSync(`${dir}/s`, NOBODY, NOBODY);
      const options = ["run", "--isolate", "--dir", `${dir}/s`, "python3", "-c", programText("burst")];
      assertEquals(lines(await run(asNobody([program, ...options]), { cwd: "/", env: { HOME: dir } })), ["250"]);
    }),
});

Deno.test({
  name: "--isolate: where the system refuses it, one line and 125, and nothing is left",
  ignore: !need("unshare") || (await run(["unshare", "-Ur", "true"])).code !== 0,
  fn: () =>
    withDir(async (dir) => {
      // A user namespace in which there may be no more network namespaces.
      const inside = 'echo 0 >/proc/sys/user/max_net_namespaces; exec "$0" "$@"';
      const words = [...unsockCommand(), "run", "--isolate", "--private", "--dir", `${dir}/s`, "--", "true"];
      const refused = await run(["unshare", "-Ur", "sh", "-c", inside, ...words]);
      assertFails(refused, 125, FORBIDDEN);
      assertMatch(refused.stderr, /max_net_namespaces/);
      assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
    }),
});
