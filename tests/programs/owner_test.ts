/** Who gets a socket's signals (fcntl(2), F_SETOWN), when another socket takes its place. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const PROGRAM = `
import fcntl, os, socket, sys
if len(sys.argv) > 2:
    inherited = socket.socket(fileno=int(sys.argv[2]))
else:
    inherited = socket.socket(type=getattr(socket, sys.argv[1]))
    fcntl.fcntl(inherited, fcntl.F_SETOWN, os.getpid())
    if os.environ.get("EXEC"):
        inherited.set_inheritable(True)
        os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], sys.argv[1], str(inherited.fileno())])
inherited.bind(("127.0.0.1", 2001))
print(fcntl.fcntl(inherited, fcntl.F_GETOWN) == os.getpid(), os.path.exists(os.environ["UNSOCK_DIR"] + "/2001" +
    (".dgram" if sys.argv[1] == "SOCK_DGRAM" else "") + ".sock"))
`;

for (const type of ["SOCK_STREAM", "SOCK_DGRAM"]) {
  for (const exec of [false, true]) {
    Deno.test(
      `${type}: whoever was to get its signals ${exec ? "before an exec " : ""}does so when it has been bound`,
      {
        ignore: !need("python3"),
      },
      () =>
        withDir(async (dir) => {
          const env = shimEnv(`${dir}/s`, exec ? { EXEC: "1" } : {});
          const { stdout, stderr } = await run(["python3", "-c", PROGRAM, type], { env });
          assertStrictEquals(stderr + stdout, "True True\n");
        }),
    );
  }
}
