/** Sockets that a service manager has opened where others decide about the path: control files, and directories that may not be written to. */
import { assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { told } from "../support/handing.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

Deno.test({
  name: "a service that may not write to the directory binds all addresses of the port that was opened for it",
  ignore: ignore || Deno.uid() !== 0,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const program = programText("bind_without_rights");
      assertStrictEquals(await told(dir, [["stream", "8000.sock"]], program), "0 0 98 98 True 13\n");
    }),
});

for (const type of ["stream", "datagram"] as const) {
  Deno.test(
    `a control file leads to a ${type} socket that was opened for the server`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const [target, sockets] = [join(dir, "t"), join(dir, "s")];
        Deno.mkdirSync(sockets);
        const name = type === "stream" ? "8000.sock" : "8000.dgram.sock";
        Deno.writeFileSync(join(sockets, name), controlFile({ dest: sockaddrUnix(target) }));
        const program = type === "stream" ? programText("listen") : programText("receive");
        const expected = type === "stream"
          ? "0 98 ('127.0.0.1', 8000)\nNone True\n0 [3]\n"
          : "0 98 ('127.0.0.1', 8000)\nb'asked'\n";
        assertStrictEquals(await told(sockets, [[type, target]], program), expected);
        assertStrictEquals(Deno.lstatSync(target).isSocket, true);
      }),
  );
}
