/** A client that knows of a refused connection only by the event that it is told later: Tcl's asynchronous sockets. */
import { assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ASK = `
foreach host {127.0.0.1 ::1 127.0.0.1 ::1} {
    set socket [socket -async $host 17461]
    fileevent $socket writable {set ready yes}
    vwait ready
    puts [fconfigure $socket -error]
    close $socket
}`;

Deno.test("Tcl's asynchronous sockets hear that nobody is there", { ignore: !need("tclsh") }, async () => {
  await withRig(async (rig) => {
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(["tclsh"], { cli, stdin: ASK });
      assertStrictEquals(stdout, "connection refused\n".repeat(4));
    }
  });
});
