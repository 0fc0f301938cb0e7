/** Where little is left: no environment, no network, no /proc, no user namespaces, an ordinary user. Each command does its work there. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { copyProgram, withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { asNobody, NOBODY, whyNoOtherUser } from "../support/users.ts";

const programText = programsOf(import.meta);

/** A user namespace of our own, in which nobody may make another one. */
const NO_NAMESPACES = ["sh", "-c", 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh"];
const NO_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/** Words in front of a command that take something away from it. */
const SURROUNDINGS: Readonly<Record<string, readonly string[]>> = {
  "an empty environment": ["env", "-i"],
  "lo down": ["unshare", "--user", "--map-root-user", "--net", ...NO_RIGHTS],
  "user namespaces forbidden": ["unshare", "--user", "--map-root-user", ...NO_NAMESPACES, ...NO_RIGHTS],
};

/** Only root can be somebody else, or hide /proc: in a user namespace it would hide who root is, too. */
const ORDINARY = "an ordinary user, and no environment";
const BY_ROOT = {
  [ORDINARY]: asNobody(["env", "-i"]),
  "no /proc": ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"],
};
const ALL = whyNoOtherUser() ? SURROUNDINGS : { ...SURROUNDINGS, ...BY_ROOT };

const canEnter = need("unshare", "setpriv") &&
  (await run(["unshare", "--user", "--map-root-user", "--net", "true"])).code === 0;

for (const [what, front] of Object.entries(ALL)) {
  Deno.test({
    name: `with ${what}: run --private, hold, path, wait and prune`,
    ignore: !canEnter || !need("python3"),
    fn: () =>
      withDir(async (dir) => {
        const library = `${dir}/libunsock.so`;
        copyProgram(libraryFile(), library);
        await Deno.mkdir(`${dir}/s`, { mode: 0o700 });
        if (what === ORDINARY) {
          for (const open of [dir, library]) await Deno.chmod(open, 0o755);
          await Deno.chown(`${dir}/s`, NOBODY, NOBODY);
        }
        await Deno.writeFile(`${dir}/s/80.sock`, controlFile({ dest: sockaddrUnix("/dev/null") }));
        const call = (...words: string[]) => run([...front, library, ...words]);
        // Which file it is /proc tells; without it has to be named.
        const named = ["--lib", library, "--dir", `${dir}/s`];
        const outcomes: [string[], number, RegExp][] = [
          [["run", "--private", ...named, "/usr/bin/python3", "-c", programText("held"), library], 0, /^0 0\n$/],
          [["hold", ...named], 0, /(^|\0)UNSOCK_DIR=[^\0]*\/s\/private\/[0-9a-f]{6}\0/],
          [["path", "--dir", `${dir}/s`, "80"], 0, /\/s\/80\.sock\n$/],
          [["wait", "--dir", `${dir}/s`, "80", "--timeout", "0"], 1, /^unsock: wait: [^\n]*nobody listens[^\n]*\n$/],
          [["prune", "--dir", `${dir}/s`], 0, /^$/],
        ];
        for (const [words, code, says] of outcomes) {
          const result = await call(...words);
          assertMatch(result.stdout + result.stderr, says);
          assertStrictEquals(result.code, code, words.join(" "));
        }
        assertEquals([...Deno.readDirSync(`${dir}/s`)].map(({ name }) => name), ["80.sock"]);
      }),
  });
}

Deno.test({
  name: "with user namespaces forbidden run --isolate says which setting that is, and starts nothing",
  ignore: !canEnter,
  fn: () =>
    withDir(async (dir) => {
      const front = SURROUNDINGS["user namespaces forbidden"] ?? [];
      const words = ["run", "--isolate", "--dir", `${dir}/s`, "--", "touch", `${dir}/ran`];
      const { code, stderr } = await run([...front, libraryFile(), ...words]);
      assertMatch(stderr, /^unsock: run: --isolate: [^\n]*sysctl user\.max_user_namespaces[^\n]*\n$/);
      assertStrictEquals(code, 125);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["s"]);
    }),
});
