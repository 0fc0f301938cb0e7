/** Sockets that a service manager has opened where others decide about the path: control files, and directories that may not be written to. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { told } from "../support/handing.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

const EACCES = 13;
const EADDRINUSE = 98;

Deno.test({
  name: "a service that may not write to the directory binds all addresses of the port that was opened for it",
  ignore: ignore || Deno.uid() !== 0,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const program = programText("bind_without_rights");
      assertEquals(readFacts(await told(dir, [["stream", "8000.sock"]], program)), {
        "the address": 0,
        "another family's": 0,
        "the address again": EADDRINUSE,
        "with SO_REUSEPORT": EADDRINUSE,
        served: true,
        "another port": EACCES,
      });
    }),
});

for (const type of ["stream", "datagram"] as const) {
  Deno.test(
    `a server gets the ${type} socket that systemd opened at a control file's target`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const [target, sockets] = [join(dir, "t"), join(dir, "s")];
        Deno.mkdirSync(sockets);
        const name = type === "stream" ? "8000.sock" : "8000.dgram.sock";
        Deno.writeFileSync(join(sockets, name), controlFile({ dest: sockaddrUnix(target) }));
        const program = type === "stream" ? programText("listen") : programText("receive");
        const facts = type === "stream"
          ? { "served after shutdown and listen": true, "bound after close": 0, "a plain client waits there": true }
          : { heard: "asked" };
        assertEquals(readFacts(await told(sockets, [[type, target]], program)), {
          bound: 0,
          "bound again": EADDRINUSE,
          name: ["127.0.0.1", 8000],
          ...facts,
        });
        assertStrictEquals(Deno.lstatSync(target).isSocket, true);
      }),
  );
}
