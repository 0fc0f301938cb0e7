/** Clients that know of a refused connection only by the event that they are told later, or by what they read then. */
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

Deno.test(
  "Tcl's asynchronous sockets get the refusal of a port without a server",
  { ignore: !need("tclsh") },
  async () => {
    await withRig(async (rig) => {
      for (const cli of [false, true]) {
        const { stdout } = await rig.client(["tclsh"], { cli, stdin: ASK });
        assertStrictEquals(stdout, "connection refused\n".repeat(4));
      }
    });
  },
);

/** To Net::Ping, a host that refuses is alive; it reads to learn whether it was refused. */
const PING = `
use Net::Ping;
for my $how ("tcp", "syn") {
    my $ping = Net::Ping->new($how, 5);
    $ping->port_number(17465);
    $ping->service_check(0);
    my $there = $ping->ping("127.0.0.1");
    $there = $ping->ack("127.0.0.1") if $how eq "syn";
    print $how, $there ? " alive\n" : " dead\n";
}`;

Deno.test("Perl's Net::Ping takes a host for alive that refuses", { ignore: !need("perl") }, async () => {
  await withRig(async (rig) => {
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(["perl", rig.write("ping.pl", PING)], { cli });
      assertStrictEquals(stdout, "tcp alive\nsyn alive\n");
    }
  });
});
