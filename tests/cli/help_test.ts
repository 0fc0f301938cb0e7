/** Help and manual fit a terminal of 80 columns, and the many options of `run` come in groups. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { COMMANDS, PROGRAMS_COMMANDS } from "../../lib/commands/table.ts";
import { commandHelp, programHelp } from "../../lib/help/help.ts";
import { commandManual, libraryManual } from "../../lib/help/manual.ts";
import { optionFlag } from "../../lib/system/options.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { libraryFile, namesInLibrary } from "../support/library.ts";
import { assertFails, byLibrary, unsock } from "./unsock.ts";

const COLUMNS = 80;

function tooLong(what: string, text: string): string[] {
  return text.split("\n").filter((line) => [...line].length > COLUMNS).map((line) => `${what}: ${line}`);
}

Deno.test("no line of any help is longer than 80 columns, the library's own too", async () => {
  const texts: [string, string][] = [
    ["unsock", programHelp(COMMANDS)],
    ...[...COMMANDS, ...PROGRAMS_COMMANDS].map((command): [string, string] => [command.name, commandHelp(command)]),
    ["libunsock.so", (await run([libraryFile()])).stdout],
    ["libunsock.so run", (await run([libraryFile(), "run", "--help"])).stdout],
  ];
  assertEquals(texts.flatMap(([what, text]) => tooLong(what, text)), []);
  for (const [what, text] of texts) assertMatch(text, /\S/, what);
});

Deno.test({
  name: "no line of the manual is longer than 80 columns",
  ignore: !need("mandoc"),
  fn: () =>
    withDir(async (dir) => {
      const pages = {
        "unsock.1": commandManual(COMMANDS),
        "libunsock.7": libraryManual(namesInLibrary("unsock_call_name")),
      };
      for (const [name, text] of Object.entries(pages)) {
        const file = path.join(dir, name);
        Deno.writeTextFileSync(file, text);
        const { stdout } = await run([findProgram("mandoc") ?? "", "-Tutf8", file]);
        // deno-lint-ignore no-control-regex
        const plain = stdout.replaceAll(/.\x08/g, "");
        assertMatch(plain, /EXAMPLES/);
        assertEquals(tooLong(name, plain), []);
      }
    }),
});

Deno.test("run's options are in groups, each option in one, in help and manual alike", () => {
  const command = COMMANDS.find(({ name }) => name === "run");
  assert(command !== undefined);
  const help = commandHelp(command);
  const titles = Array.from(help.matchAll(/^([A-Z][^:\n]*):$/gm), ([, title]) => title).filter((title) =>
    title !== "Examples"
  );
  assertEquals(titles, ["Redirection", "Directory and permissions", "Restrictions", "Other options"]);
  for (const option of [...Object.keys(command.options), "help"]) {
    const flag = new RegExp(`^  ${optionFlag(option)}(?=[ ,[\n])`, "gm");
    assertEquals(help.match(flag)?.length, 1, option);
  }
  const [, section = ""] = commandManual(COMMANDS).split(".SS unsock run ");
  for (const title of titles) assertMatch(section, new RegExp(`^\\.I ${title}$`, "m"));
});

Deno.test("a command's name before --help and behind it print one page, by the library alone too", async () => {
  for (const by of [unsock, byLibrary]) {
    for (const name of ["wait", "run", "hold", "query"]) {
      const { code, stdout, stderr } = await by([name, "--help"]);
      assertStrictEquals(code, 0, stderr);
      assertMatch(stdout, new RegExp(`^(Usage: unsock|libunsock.so) ${name} `));
      for (const word of ["--help", "-h", "help"]) assertEquals((await by([word, name])).stdout, stdout, word);
    }
    const whole = await by(["--help"]);
    for (const words of [["help"], ["help", "help"], ["--help", "-h"], ["-h", "--help", "wait"]]) {
      assertEquals(await by(words), whole, `${words}`);
    }
  }
  assertFails(await unsock(["--help", "wiat"]), 2, /unknown command 'wiat': did you mean wait\?/);
  assertFails(await byLibrary(["--help", "wiat"]), 1, /wiat: the library alone has no such command, [^\n]*: --help/);
});

Deno.test("hold and query are in no list of commands, and hold's page says that test runners start it", async () => {
  assertNotMatch(programHelp(COMMANDS), /^ {2}(hold|query) /m);
  const { stdout } = await unsock(["hold", "--help"]);
  assertMatch(
    stdout,
    /For test runners: the npm module "unsock" starts it\. On a command line\s+use\s+"unsock run --private"/,
  );
  assertMatch((await unsock(["hold", "--dir", "/nowhere/s"])).stderr, /^unsock: .*nowhere/);
});

Deno.test("run --log FILE and wait --timeout -1 say what is wrong", async () => {
  for (const by of [unsock, byLibrary]) {
    const hint = /command \/nowhere\/log: not found: if it is the file of --log, write --log=\/nowhere\/log$/m;
    assertFails(await by(["run", "--log", "/nowhere/log", "--", "true"]), 127, hint);
    assertFails(await by(["run", "--log", "/nowhere/log", "true"]), 127, hint);
    const time = /--timeout: not a time, such as 10, 0\.5, 10s or 500ms: "-1"$/m;
    assertFails(await by(["wait", "80", "--timeout", "-1"]), 2, time);
    assertFails(await by(["wait", "--timeout=-1", "80"]), 2, time);
  }
  const cid = /--vsock-cid: neither a number nor one of any, host, local: "-1"$/m;
  assertFails(await unsock(["make-control", "--vsock-cid", "-1", "--vsock-port", "5", "/nowhere/c"]), 2, cid);
});
