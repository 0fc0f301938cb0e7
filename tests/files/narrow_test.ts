/** Where something is short: ports, descriptors, room for files, the right to write. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
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

Deno.test("stale files of every ephemeral port cost the next client and server twenty looks at most", {
  ignore: ignore || !need("strace"),
}, () =>
  withDir(async (dir) => {
    const made = await run([PYTHON, "-c", programText("leave_all")], { env: { UNSOCK_DIR: dir } });
    assertStrictEquals(made.code, 0, made.stderr);
    const trace = ["strace", "-f", "-e", "trace=bind,readlinkat", "-o", `${dir}/trace`];
    const env = Object.entries(libraryEnv(dir)).map(([name, value]) => `-E${name}=${value}`);
    const { code, stderr } = await run([...trace, ...env, PYTHON, "-c", programText("ask_once")]);
    assertStrictEquals(code, 0, stderr);
    const binds = (await Deno.readTextFile(`${dir}/trace`)).split("\n").filter((line) =>
      /bind\(|readlinkat\(/.test(line)
    );
    for (const kind of [".dgram.sock", /\d\.sock/]) {
      const looks = binds.filter((line) => typeof kind === "string" ? line.includes(kind) : kind.test(line));
      assert(looks.length > 0 && looks.length <= 20, `${looks.length} looks:\n${looks.slice(0, 3).join("\n")}`);
    }
  }));

async function leftOver(dir: string): Promise<void> {
  assertStrictEquals((await run([PYTHON, "-c", programText("leave"), dir])).code, 0);
}

async function besideServer(dir: string, command: string[]): Promise<Facts> {
  await using server = start([PYTHON, "-c", programText("serve")], { env: libraryEnv(dir) });
  await until("serving", () => server.output().includes("serves"));
  await leftOver(dir);
  const { stdout, stderr } = await run(command, { env: libraryEnv(dir) });
  assertStrictEquals(stderr, "");
  return readFacts(stdout);
}

Deno.test(
  "with no descriptor left bind says that there are no buffers, as TCP could, and the live server is untouched",
  {
    ignore,
  },
  () =>
    withDir(async (dir) => {
      const told = await besideServer(dir, [PYTHON, "-c", programText("try"), "without descriptors"]);
      const { "the live server says": says, ...binds } = told;
      assertStrictEquals(says, "first");
      for (const outcome of Object.values(binds)) assertMatch(`${outcome}`, /^(EADDRINUSE|ENOBUFS|bound)$/);
    }),
);

Deno.test("in a directory that may not be written to bind is refused, and the live server is untouched", {
  ignore: ignore || whyNoOtherUser() !== undefined,
}, () =>
  withDir(async (dir) => {
    await Deno.chmod(dir, 0o755);
    await using server = start([PYTHON, "-c", programText("serve"), "for everybody"], { env: libraryEnv(dir) });
    await until("serving", () => server.output().includes("serves"));
    await leftOver(dir);
    const { stdout, stderr } = await run(asNobody([PYTHON, "-c", programText("try")]), { env: libraryEnv(dir) });
    assertEquals(readFacts(stdout), {
      "a live port": "EADDRINUSE",
      "a port that was left": "EADDRINUSE",
      "a free port": "EACCES",
      "the live server says": "first",
    }, stderr);
  }));

const IN_SMALL_FILE_SYSTEM = `
set -e
mount -t tmpfs -o size=64k,nr_inodes=5 tmpfs "$UNSOCK_DIR"
"$@" -c "$SERVE" > "$OUT" &
while ! grep -q serves "$OUT"; do sleep 0.05; done
"$@" -c "$LEAVE" "$UNSOCK_DIR"
: > "$UNSOCK_DIR/full"
"$@" -c "$TRY"
kill $!
`;

Deno.test("in a full file system bind says that there are no buffers, and the live server is untouched", {
  ignore: ignore || whyNoOtherUser() !== undefined || findProgram("unshare") === undefined,
}, () =>
  withDir(async (dir) => {
    await Deno.mkdir(`${dir}/s`);
    const env = {
      ...libraryEnv(`${dir}/s`),
      SERVE: programText("serve"),
      LEAVE: programText("leave"),
      TRY: programText("try"),
      OUT: `${dir}/out`,
    };
    const command = ["unshare", "--mount", "sh", "-c", IN_SMALL_FILE_SYSTEM, "sh", PYTHON];
    const { stdout, stderr } = await run(command, { env });
    assertEquals(readFacts(stdout), {
      "a live port": "EADDRINUSE",
      "a port that was left": "ENOBUFS",
      "a free port": "ENOBUFS",
      "the live server says": "first",
    }, stderr);
  }));

Deno.test("a directory that was removed is no reason to use the network", { ignore }, () =>
  withDir(async (dir) => {
    await Deno.mkdir(`${dir}/s`);
    const facts = readFacts(await python(programText("directory_gone"), `${dir}/s`));
    assertEquals(facts, { bind: "EACCES", connect: "ECONNREFUSED" });
  }));
