/** Names that another protocol than this library's has made: it says so once, and leaves them alone. */
import { assertEquals, assertMatch } from "@std/assert";
import { unsock } from "../cli/unsock.ts";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const NAMES: Readonly<Record<string, string>> = {
  "2001.sock": "#2 127.0.0.1",
  ".2001@": "#2 127.0.0.1 ::1",
  "2001.dgram.sock": "#2 127.0.0.1",
  ".2002@": "#2 127.0.0.1",
};
/** Where a library with the other protocol was killed between the record and PORT.sock: this one is a dead server's, and ours. */
const OURS = { "2002.sock": "./.2002@127.0.0.1" };

function linksIn(dir: string): Record<string, string> {
  return Object.fromEntries(
    [...Deno.readDirSync(dir)].filter(({ isSymlink }) => isSymlink)
      .map(({ name }) => [name, Deno.readLinkSync(`${dir}/${name}`)]),
  );
}

Deno.test("a port whose names are another protocol's is taken, refused and left alone, and a line says so once", {
  ignore: !need("python3"),
}, () =>
  withDir(async (dir) => {
    for (const [name, text] of Object.entries({ ...NAMES, ...OURS })) Deno.symlinkSync(text, `${dir}/${name}`);
    const { stdout, stderr } = await run(["python3", "-c", programText("bind_all")], { env: libraryEnv(dir) });
    assertEquals(readFacts(stdout), {
      "SOCK_STREAM 2001": "EADDRINUSE",
      "SOCK_DGRAM 2001": "EADDRINUSE",
      "SOCK_STREAM 2002": "EADDRINUSE",
      "connect to 2001": "ECONNREFUSED",
    });
    assertMatch(stderr, /^unsock: \S+\/2001\.sock: of another version of unsock, .*left alone.*\n$/);
    await unsock(["prune", "--dir", dir]);
    assertEquals(linksIn(dir), NAMES);
  }));
