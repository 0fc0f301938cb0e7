/** `UNSOCK_OFF=1` and `run`: what was asked for by name is never taken back without a word. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { assertFails, unsock, unsockCommand } from "./unsock.ts";

const FORMS = { "libunsock.so": [libraryFile()], unsock: unsockCommand() };
const OFF = { UNSOCK_OFF: "1" };

/** Options and variables that promise that no traffic leaves. */
const PROMISES: readonly (readonly [words: readonly string[], env: Record<string, string>, named: string])[] = [
  [["--strict"], {}, "--strict"],
  [["--block-inet"], {}, "--block-inet"],
  [["--port", "80", "--block-inet"], {}, "--block-inet"],
  [[], { UNSOCK_STRICT: "1" }, "UNSOCK_STRICT=1"],
  [[], { UNSOCK_BLOCK_INET: "1" }, "UNSOCK_BLOCK_INET=1"],
];
const ROOMS = [["--private"], ["--isolate"], ["--strict", "--isolate"], ["--private", "--group", "root"]] as const;

function refusal(command: string, named: string): RegExp {
  return new RegExp(
    `^unsock: ${command}: ${named}: UNSOCK_OFF=1 is set, and nothing would be redirected: unset it\\n$`,
  );
}

for (const [form, command] of Object.entries(FORMS)) {
  Deno.test(`${form} run with UNSOCK_OFF=1 refuses options that promise redirection`, () =>
    withDir(async (dir) => {
      for (const [words, env, named] of PROMISES) {
        for (const more of [[], ["--force"], ["--dry-run"]]) {
          const line = [...command, "run", "--dir", `${dir}/s`, ...words, ...more, "--", "touch", `${dir}/ran`];
          const { code, stdout, stderr } = await run(line, { env: { ...OFF, ...env } });
          assertMatch(stderr, refusal("run", named));
          assertEquals([code, stdout], [125, ""]);
        }
      }
      assertEquals([...Deno.readDirSync(dir)], []);
    }));

  Deno.test(`${form} run with UNSOCK_OFF=1 and no such promise says in one line that nothing is redirected`, () =>
    withDir(async (dir) => {
      const line = /^unsock: run: UNSOCK_OFF=1 is set: nothing is redirected\n$/;
      for (const words of [[], ["--block-inet6"], ["--force"]]) {
        const { code, stdout, stderr } = await run(
          [...command, "run", "--dir", `${dir}/s`, ...words, "--", "sh", "-c", "echo it; exit 7"],
          { env: { ...OFF, UNSOCK_STRICT: "0" } },
        );
        assertMatch(stderr, line);
        assertEquals([code, stdout], [7, "it\n"]);
      }
      const closed = 'exec "$@" 2>&-';
      const silent = await run(["sh", "-c", closed, "sh", ...command, "run", "--dir", `${dir}/s`, "--", "echo", "it"], {
        env: OFF,
      });
      assertStrictEquals(silent.stdout, "it\n");
      const zero = await run([...command, "run", "--dir", `${dir}/s`, "--", "true"], { env: { UNSOCK_OFF: "0" } });
      assertStrictEquals(zero.stderr, "");
    }));
}

Deno.test("run with UNSOCK_OFF=1 refuses --private and --isolate, and makes nothing", () =>
  withDir(async (dir) => {
    for (const words of ROOMS) {
      for (const more of [[], ["--dry-run"]]) {
        const result = await unsock(["run", "--dir", `${dir}/s`, ...words, ...more, "--", "touch", `${dir}/ran`], {
          env: OFF,
        });
        assertFails(result, 125, refusal("run", words[0]));
      }
    }
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("run with UNSOCK_OFF=1 says so once, with a group and a map too", () =>
  withDir(async (dir) => {
    const words = ["--dir-mode", "700", "--map", `80=${dir}/80.sock`];
    const result = await unsock(["run", "--dir", `${dir}/s`, ...words, "--", "echo", "it"], { env: OFF });
    assertStrictEquals(result.stderr, "unsock: run: UNSOCK_OFF=1 is set: nothing is redirected\n");
    assertStrictEquals(result.stdout, "it\n");
  }));

Deno.test("env with UNSOCK_OFF=1 refuses the same, or says that nothing is redirected", () =>
  withDir(async (dir) => {
    for (const [words, env, named] of PROMISES) {
      const result = await unsock(["env", "--dir", `${dir}/s`, ...words], { env: { ...OFF, ...env } });
      assertFails(result, 1, refusal("env", named));
    }
    const plain = await unsock(["env", "--dir", `${dir}/s`], { env: OFF });
    assertStrictEquals(plain.stderr, "unsock: env: UNSOCK_OFF=1 is set: nothing is redirected\n");
    assertMatch(plain.stdout, /^export UNSOCK_OFF='?1'?$/m);
    assertStrictEquals(plain.code, 0);
    const back = await unsock(["env", "--off"], { env: OFF });
    assertEquals([back.code, back.stderr], [0, ""]);
  }));
