/** Another library beside this one in LD_PRELOAD: tsocks leads connections to the outside to a SOCKS server, which is local. */
import { assertMatch } from "@std/assert";
import { join } from "@std/path/posix";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const PORT = 18461;

/** It says what it was asked for, in the place of whoever would be there: nothing leaves the machine. */
const SOCKS = `
import socket, struct
server = socket.create_server(("127.0.0.2", ${PORT}))
while True:
    client, _ = server.accept()
    with client, client.makefile("rb") as words:
        version, command, port, address = struct.unpack(">BBH4s", words.read(8))
        while words.read(1) != b"\\0": pass
        client.sendall(struct.pack(">BBH4s", 0, 90, port, address))
        client.sendall(f"{version} {command} {socket.inet_ntoa(address)} {port}".encode())
`;

const CLIENT = `
import socket
with socket.create_connection(("192.0.2.1", 80)) as client, client.makefile("r") as words:
    print("heard", words.read())
`;

for (const cli of [false, true]) {
  Deno.test({
    name: `a program under tsocks reaches a local SOCKS server${cli ? ", started by unsock run" : ""}`,
    ignore: !need("python3", "tsocks"),
    fn: () =>
      withRig(async (rig) => {
        const file = join(rig.files, "tsocks.conf");
        await Deno.writeTextFile(file, `server = 127.0.0.2\nserver_port = ${PORT}\nserver_type = 4\n`);
        await rig.server(["python3", "-c", SOCKS], { tcp: [PORT] });
        const { stdout } = await rig.client(["tsocks", "python3", "-c", CLIENT], {
          cli,
          env: { TSOCKS_CONF_FILE: file },
        });
        assertMatch(stdout, /^heard 4 1 192\.0\.2\.1 80$/m);
      }),
  });
}
