/** A program that changes to a user who may not enter the directory: it starts, and what needs the directory is EACCES. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { copyProgram, withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { NOBODY } from "../support/users.ts";
import { unsock } from "./unsock.ts";

const programText = programsOf(import.meta);

const ignore = Deno.uid() !== 0 || !need("python3", "setpriv", "su", "runuser");

/** The calls that need the directory, each of which has to say so by itself (programs/other_user/calls.py). */
const CALLS = [
  "connect",
  "connect, without blocking",
  "bind",
  "bind to a port",
  "listen",
  "connect of a datagram socket",
  "bind of a datagram socket",
  "bind of a datagram socket to a port",
  "sendto",
  "sendmsg",
];

/** Starts the words as nobody. */
const WAYS: Readonly<Record<string, (words: readonly string[]) => readonly string[]>> = {
  "setpriv": (words) => ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", ...words],
  "runuser": (words) => ["runuser", "-u", "nobody", "--", ...words],
  "su": (words) => ["su", "-s", "/bin/sh", "nobody", "-c", words.map((word) => `'${word}'`).join(" ")],
  "subprocess(user=…)": (words) => [
    "/usr/bin/python3",
    "-c",
    programText("run_as"),
    `${NOBODY}`,
    ...words,
  ],
  "setuid and posix_spawn": (words) => [
    "/usr/bin/python3",
    "-c",
    programText("spawn_as"),
    `${NOBODY}`,
    ...words,
  ],
};

const DOORS = { preload: "auto", trap: "trap" } as const;

/** Directories that root alone may enter: itself, or one above it. */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  "that nobody else may enter": ["s"],
  "in one that nobody else may enter": ["above", "s"],
};

/** A directory with a library that everybody may read. */
async function withClosed(names: readonly string[], fn: (dir: string, library: string) => Promise<void>) {
  await withDir(async (dir) => {
    Deno.chmodSync(dir, 0o755);
    const library = join(dir, "libunsock.so");
    copyProgram(libraryFile(), library);
    Deno.chmodSync(library, 0o755);
    Deno.mkdirSync(join(dir, ...names), { recursive: true, mode: 0o700 });
    await fn(join(dir, ...names), library);
  });
}

/** One line, once. */
function assertSaid({ stderr }: RunResult, directory: string): void {
  const line = `unsock: directory ${directory}: user ${NOBODY} may not enter it, and so `;
  const lines = stderr.split("\n").filter((one) => one.startsWith("unsock: "));
  assertEquals(lines.map((one) => one.startsWith(line) && one.includes(" fails with EACCES: ")), [true], stderr);
}

for (const [what, names] of Object.entries(CLOSED)) {
  for (const [door, engine] of Object.entries(DOORS)) {
    Deno.test({
      name: `${door}: in a directory ${what} a program of another user's starts, by each way, if it needs no network`,
      ignore,
      fn: () =>
        withClosed(names, async (directory, library) => {
          for (const [way, words] of Object.entries(WAYS)) {
            const command = words(["/usr/bin/id", "-u"]);
            const options = ["--dir", directory, "--lib", library, "--engine", engine];
            const { code, stdout, stderr } = await unsock(["run", ...options, "--", ...command]);
            assertEquals([way, code, stdout, stderr], [way, 0, `${NOBODY}\n`, ""]);
          }
        }),
    });

    Deno.test({
      name: `${door}: in a directory ${what} each call is EACCES for another user, says why, and is not on the network`,
      ignore,
      fn: () =>
        withClosed(names, async (directory, library) => {
          using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
          const env = {
            ...libraryEnv(directory, { UNSOCK_ENGINE: engine, UNSOCK_FALLBACK: "1" }),
            LD_PRELOAD: library,
          };
          for (const call of CALLS) {
            const program = programText("calls");
            const command = WAYS["setpriv"]?.(["/usr/bin/python3", "-c", program, `${server.addr.port}`, call]) ?? [];
            const result = await run([...command], { env });
            assertEquals([call, result.stdout, result.code], [call, "13\n13\n", 0], result.stderr);
            assertSaid(result, directory);
          }
        }),
    });
  }
}

Deno.test({
  name: "a server that drops its privileges prints one warning, and not into another file that has stderr's number",
  ignore,
  fn: () =>
    withClosed(["s"], async (directory, library) => {
      const env = { ...libraryEnv(directory), LD_PRELOAD: library };
      const program = programText("gives_up_rights");
      const told = await run(["/usr/bin/python3", "-c", program, `${NOBODY}`], { env });
      assertEquals(told.stdout, "111\n13\n13\n");
      assertSaid(told, directory);
      const file = join(directory, "file");
      const other = await run(["/usr/bin/python3", "-c", program, `${NOBODY}`, file], {
        env,
      });
      assertEquals([other.stdout, other.stderr, Deno.readTextFileSync(file)], ["111\n13\n13\n", "", ""]);
    }),
});

Deno.test({
  name: "an EACCES for another reason is not attributed to the directory",
  ignore,
  fn: () =>
    withClosed(["s"], async (directory, library) => {
      Deno.chmodSync(directory, 0o755);
      const env = { ...libraryEnv(directory), LD_PRELOAD: library };
      const bind = programText("binds");
      const command = WAYS["setpriv"]?.(["/usr/bin/python3", "-c", bind]) ?? [];
      const { stdout, stderr } = await run([...command], { env });
      assertEquals([stdout, stderr], ["13\n", ""]);
    }),
});
