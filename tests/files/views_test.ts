/** Two views of one directory, of different file systems: the same socket file is another inode in each. */
import { assertEquals } from "@std/assert";
import { statOrUndefined } from "../../lib/system/files.ts";
import { withDir } from "../support/dir.ts";
import { libraryEnv } from "../support/library.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";

const programText = programsOf(import.meta);

// The server and bindfs end with the shell, which is the first process of its namespace, and the mounts end with them.
const IN_VIEWS = `
set -e
mount -t tmpfs tmpfs "$BASE"
cd "$BASE"
mkdir work source view
eval "$MOUNT"
UNSOCK_DIR="$BASE/source" python3 -c "$SERVE" > serving &
while ! grep -q serves serving; do sleep 0.05; done
for name in source view; do UNSOCK_DIR="$BASE/$name" python3 -c "$ASK"; done
`;

const ALONE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

const MOUNTS = {
  overlay: "mkdir lower && mount -t overlay overlay -o lowerdir=lower,upperdir=source,workdir=work view",
  bindfs: "bindfs source view",
};

const mayMount = Deno.uid() === 0 && need("python3", "unshare");
const hasFuse = statOrUndefined("/dev/fuse") !== undefined;

for (const [name, mount] of Object.entries(MOUNTS)) {
  Deno.test(`a client in the view of ${name} does not reach a server in its source, and is refused`, {
    ignore: !mayMount || (name === "bindfs" && !(hasFuse && need("bindfs"))),
  }, () =>
    withDir(async (dir) => {
      const env = {
        ...libraryEnv(dir),
        BASE: dir,
        MOUNT: mount,
        SERVE: programText("serve"),
        ASK: programText("ask"),
      };
      const { stdout, stderr } = await run([...ALONE, "sh", "-c", IN_VIEWS], { env });
      const said = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(said, [{ source: "served" }, { view: "ECONNREFUSED" }], stderr);
    }));
}
