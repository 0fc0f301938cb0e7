/** Where a filter forbids what every redirected socket needs, nothing is started: it would fail at its first call, or worse. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { unsockCommand } from "../cli/unsock.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { buildLinked } from "../support/static.ts";

const FILTER = new URL("unstarted.c", import.meta.url).pathname;
const [EPERM, EACCES, ENOSYS, EAFNOSUPPORT] = [1, 13, 38, 97];

const CASES = [
  ["stream", EPERM, "Operation not permitted"],
  ["stream", ENOSYS, "Function not implemented"],
  ["stream", EAFNOSUPPORT, "Address family not supported by protocol"],
  ["datagram", EACCES, "Permission denied"],
  ["bind", EPERM, "Operation not permitted"],
  ["bind", EACCES, "Permission denied"],
  ["bind", ENOSYS, "Function not implemented"],
] as const;

const FORMS = { "libunsock.so": [libraryFile()], unsock: unsockCommand() };

function lineOf(call: string, why: string): RegExp {
  const name = call === "bind" ? "bind of an AF_UNIX socket" : `socket\\(AF_UNIX\\) of ${call}s`;
  return new RegExp(`^unsock: sockets: ${name}: ${why}: a seccomp filter [^\\n]*\\n$`);
}

for (const [form, command] of Object.entries(FORMS)) {
  Deno.test({
    name: `${form} run starts nothing where AF_UNIX sockets, or their bind, are forbidden`,
    ignore: !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        const forbidden = await buildLinked(FILTER, dir, "dynamic");
        const before = [...Deno.readDirSync(dir)].length;
        for (const [call, number, why] of CASES) {
          const words = [...command, "run", "--dir", `${dir}/s`, "--", "touch", `${dir}/ran`];
          const { code, stderr } = await run([forbidden, call, `${number}`, ...words]);
          assertMatch(stderr, lineOf(call, why));
          assertStrictEquals(code, 125);
        }
        assertEquals([...Deno.readDirSync(dir)].length, before, "nothing was started, nothing made");
        // With UNSOCK_OFF, none of them is needed.
        const off = [...command, "run", "--dir", `${dir}/s`, "--", "echo", "started"];
        const { stdout, stderr } = await run([forbidden, "bind", `${EPERM}`, ...off], { env: { UNSOCK_OFF: "1" } });
        assertStrictEquals(stdout, "started\n", stderr);
      }),
  });

  Deno.test({
    name: `${form} run --optional starts the command there on the real network, unless an option asks for a wall`,
    ignore: !need("cc"),
    fn: () =>
      withDir(async (dir) => {
        const forbidden = await buildLinked(FILTER, dir, "dynamic");
        const before = [...Deno.readDirSync(dir)].length;
        const optional = (...words: string[]) => [...command, "run", "--optional", "--dir", `${dir}/s`, ...words];
        const tell = ["--", "sh", "-c", "echo $UNSOCK_OFF; exit 7"];
        for (const words of [[], ["--private"], ["--each", "sh"], ["--map", "80=/x", "--name", "it"]]) {
          const { code, stdout, stderr } = await run([forbidden, "bind", `${EPERM}`, ...optional(...words, ...tell)]);
          assertMatch(
            stderr,
            /^unsock: run: sockets: bind of an AF_UNIX socket: [^\n]*: the command runs on the real network\n$/,
          );
          assertEquals([code, stdout], [7, "1\n"]);
        }
        for (const wall of ["--block-inet", "--strict", "--isolate"]) {
          const { code, stderr } = await run([forbidden, "bind", `${EPERM}`, ...optional(wall, ...tell)]);
          assertMatch(stderr, lineOf("bind", "Operation not permitted"));
          assertStrictEquals(code, 125);
        }
        assertEquals([...Deno.readDirSync(dir)].length, before, "nothing was made");
        // Where unsock works, the option changes nothing; nor is another mistake excused by it.
        const works = await run(optional("--", "sh", "-c", "echo $UNSOCK_OFF$UNSOCK_DIR"));
        assertEquals([works.stdout, works.stderr], [`${dir}/s\n`, ""]);
        assertStrictEquals((await run(optional("--addr", "x", "--", "true"))).code, 125);
      }),
  });
}

Deno.test({
  name: "doctor and env say that AF_UNIX sockets, or their bind, are forbidden",
  ignore: !need("cc"),
  fn: () =>
    withDir(async (dir) => {
      const forbidden = await buildLinked(FILTER, dir, "dynamic");
      for (const [call, number, why] of CASES) {
        const filtered = [forbidden, call, `${number}`, ...unsockCommand()];
        const env = await run([...filtered, "env", "--dir", `${dir}/s`]);
        assertMatch(env.stderr, lineOf(call, why));
        assertEquals([env.code, env.stdout], [1, ""]);
        for (const words of [[], ["sh"]]) {
          const doctor = await run([...filtered, "doctor", "--dir", `${dir}/s`, ...words]);
          assertMatch(
            doctor.stdout,
            new RegExp(`^FAIL sockets: .*${call === "bind" ? call : "socket"}.*: ${why}: `, "m"),
          );
          assertStrictEquals(doctor.code, 1);
        }
      }
    }),
});
