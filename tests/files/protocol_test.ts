/** Names that another protocol than this library's has made: it says so once, and leaves them alone. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { unsock } from "../cli/unsock.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const NAMES: Readonly<Record<string, string>> = {
  "2001.sock": "#2 127.0.0.1",
  ".2001@": "#2 127.0.0.1 ::1",
  "2001.dgram.sock": "#2 127.0.0.1",
  ".2002@": "#2 127.0.0.1",
};
/** Where a library with the other protocol was killed between the record and PORT.sock: this one is a dead server's, and ours. */
const OURS = { "2002.sock": "./.2002@127.0.0.1" };

const PROGRAM = `
import errno, socket
def outcome(call):
    try: call(); return "done"
    except OSError as error: return errno.errorcode[error.errno]
for type, port in ((socket.SOCK_STREAM, 2001), (socket.SOCK_DGRAM, 2001), (socket.SOCK_STREAM, 2002)):
    print(outcome(lambda: socket.socket(socket.AF_INET, type).bind(("127.0.0.1", port))))
print(outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", 2001))))
`;

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
    const { stdout, stderr } = await run(["python3", "-c", PROGRAM], { env: shimEnv(dir) });
    assertStrictEquals(stdout, "EADDRINUSE\nEADDRINUSE\nEADDRINUSE\nECONNREFUSED\n");
    assertMatch(stderr, /^unsock: \S+\/2001\.sock: of another version of unsock, .*left alone.*\n$/);
    await unsock(["prune", "--dir", dir]);
    assertEquals(linksIn(dir), NAMES);
  }));
