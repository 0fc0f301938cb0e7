/** Where little is left: no environment, no network, no user namespaces, an ordinary user. Each command does its work there. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimLibrary } from "../support/shim.ts";

/** A user namespace of our own, in which nobody may make another one. */
const NO_NAMESPACES = ["sh", "-c", 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh"];
const NO_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/** Words in front of a command that take something away from it. */
const SURROUNDINGS: Readonly<Record<string, readonly string[]>> = {
  "an empty environment": ["env", "-i"],
  "lo down": ["unshare", "--user", "--map-root-user", "--net", ...NO_RIGHTS],
  "user namespaces forbidden": ["unshare", "--user", "--map-root-user", ...NO_NAMESPACES, ...NO_RIGHTS],
};

const HELD = `
import socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 80))
print(*(subprocess.run([sys.argv[1], *words]).returncode for words in (["wait", "80", "--timeout", "5"], ["prune"])))
`;

const canEnter = need("unshare", "setpriv") &&
  (await run(["unshare", "--user", "--map-root-user", "--net", "true"])).code === 0;

for (const [what, front] of Object.entries(SURROUNDINGS)) {
  Deno.test({
    name: `with ${what}: run --private, path, make-control, wait and prune`,
    ignore: !canEnter || !need("python3"),
    fn: () =>
      withDir(async (dir) => {
        const library = shimLibrary();
        const call = (...words: string[]) => run([...front, library, ...words]);
        const outcomes: [string[], number, RegExp][] = [
          [["run", "--private", "--dir", `${dir}/s`, "python3", "-c", HELD, library], 0, /^0 0\n$/],
          [["path", "--dir", `${dir}/s`, "80"], 0, /\/s\/80\.sock\n$/],
          [["make-control", "--dir", `${dir}/s`, "--port", "80", "--refuse"], 0, /80\.sock: nobody: connections are/],
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
      const { code, stderr } = await run([...front, shimLibrary(), ...words]);
      assertMatch(stderr, /^unsock: run: --isolate: [^\n]*sysctl user\.max_user_namespaces[^\n]*\n$/);
      assertStrictEquals(code, 125);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["s"]);
    }),
});
