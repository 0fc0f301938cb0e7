/** If output cannot be printed, the command fails with one line: a script must not take a part of it for the whole. */
import { assertEquals, assertMatch } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { unsockCommand } from "./unsock.ts";

const LINE = /^unsock: standard output: No space left on device\n$/;
const FORMS = { "libunsock.so": [libraryFile()], unsock: unsockCommand() };

const BOTH: readonly (readonly [words: string, status: number])[] = [
  ["--version", 1],
  ["--help", 1],
  ["run --help", 125],
  ["run --dry-run -- true", 125],
];
const OF_UNSOCK = [
  "help run",
  "path 80",
  "ls",
  "doctor",
  "env",
  "completions bash",
  "prune --json",
  "run --map 80=/x --dry-run true",
];

for (const [form, command] of Object.entries(FORMS)) {
  Deno.test(`${form}: standard output that is full is an error with one line, one that nobody reads an error without`, () =>
    withDir(async (dir) => {
      const more = form === "unsock"
        ? OF_UNSOCK.map((words) => [words, words.startsWith("run") ? 125 : 1] as const)
        : [];
      for (const [words, status] of [...BOTH, ...more]) {
        const to = (output: string) =>
          run(["sh", "-c", `"$@" ${output}`, "sh", ...command, ...words.split(" ")], {
            env: { UNSOCK_DIR: `${dir}/s` },
          });
        const full = await to(">/dev/full");
        assertMatch(full.stderr, LINE, words);
        assertEquals(full.code, status, words);
      }
      // A pipe whose reader has gone: SIGPIPE for whoever does not ignore it.
      const gone = ["bash", "-c", 'trap "" PIPE; { "$@"; echo "$?" >&2; } | true', "bash", ...command, "run", "--help"];
      const { stderr } = await run(gone);
      assertMatch(stderr, /^[01]\n$/);
    }));
}

Deno.test("libunsock.so: its usage to a full device is an error with one line", async () => {
  const { code, stderr } = await run(["sh", "-c", '"$0" >/dev/full', libraryFile()]);
  assertMatch(stderr, LINE);
  assertEquals(code, 1);
});
