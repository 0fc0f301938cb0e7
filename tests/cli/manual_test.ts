/** The manual pages: mandoc has nothing to say about them, `whatis` finds them, and they have what a reader looks for. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { COMMANDS } from "../../lib/commands/table.ts";
import { commandManual, libraryManual } from "../../lib/help/manual.ts";
import { optionFlag } from "../../lib/system/options.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { namesInLibrary } from "../support/library.ts";

const PAGES: Record<string, string> = {
  "unsock.1": commandManual(COMMANDS),
  "libunsock.7": libraryManual(namesInLibrary("unsock_call_name")),
};

async function withPages(use: (files: string[]) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    for (const [name, text] of Object.entries(PAGES)) Deno.writeTextFileSync(path.join(dir, name), text);
    await use(Object.keys(PAGES).map((name) => path.join(dir, name)));
  });
}

Deno.test({
  name: "mandoc -Tlint finds nothing in the manual pages",
  ignore: !need("mandoc"),
  fn: () =>
    withPages(async (files) => {
      const { code, stdout, stderr } = await run([findProgram("mandoc") ?? "", "-Tlint", ...files]);
      assertEquals([code, stdout, stderr], [0, "", ""]);
    }),
});

Deno.test({
  name: "whatis can read what the manual pages are about",
  ignore: !need("lexgrog"),
  fn: () =>
    withPages(async ([command = "", library = ""]) => {
      const { stdout } = await run(["lexgrog", command, library]);
      assert(stdout.includes(`${command}: "unsock - move the TCP and UDP traffic`), stdout);
      assert(stdout.includes(`${library}: "libunsock - change IP sockets`), stdout);
    }),
});

function roffFlag(option: string): string {
  return optionFlag(option).replaceAll("-", "\\-");
}

/** Returns the command's section of unsock(1). */
function sectionOf(name: string): string {
  const [, rest = ""] = (PAGES["unsock.1"] ?? "").split(`.SS unsock ${name.replaceAll("-", "\\-")} `);
  const [section = ""] = rest.split(/^\.S[HS] /m);
  return section;
}

Deno.test("unsock(1) describes an option that run, env and unit share once, and env and unit name it", () => {
  for (const option of ["dir", "addr", "blockInet", "group", "lib"]) {
    const described = ["run", "env", "unit"].filter((name) => sectionOf(name).includes(`.B ${roffFlag(option)}`));
    assertEquals(described, option === "lib" ? ["run", "unit"] : ["run"], option); // unit's --lib has another meaning
    for (const name of ["env", "unit"]) assert(sectionOf(name).includes(roffFlag(option)), `${name} ${option}`);
  }
});

Deno.test("the manual pages have exit status, environment, files and examples, and each command with its options", () => {
  for (const text of Object.values(PAGES)) {
    for (const section of ["EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"]) {
      assertStrictEquals(text.split(`.SH ${section}\n`).length, 2, section);
    }
  }
  for (const { name, options } of COMMANDS) {
    const section = sectionOf(name);
    for (const option of Object.keys(options)) assert(section.includes(roffFlag(option)), `${name} ${option}`);
  }
});
