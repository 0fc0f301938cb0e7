/** docs/iperf.md. The guest's server also runs over real vsock, in tests/vm. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  controlFile,
  firecrackerFile,
  sockaddrTipc,
  sockaddrUnix,
  sockaddrVsock,
  VSOCK_CID_ANY,
} from "../support/control.ts";
import { Multiplexer } from "../support/multiplexer.ts";
import { need } from "../support/programs.ts";
import { guestPlaces, Reader } from "./page.ts";

const MEASURED = / 100 MBytes /;

Deno.test({
  name: "docs: iperf measures Unix sockets, and both directions between a host and a Firecracker guest",
  ignore: !need("iperf"),
  fn: () =>
    Reader.with("iperf", async (reader, dir) => {
      await reader.start("unsock run -- iperf -s -B 127.0.0.1 -p 3000", reader.socket(3000));
      assertMatch((await reader.run("iperf -c 127.0.0.1 -p 3000")).stdout, MEASURED);

      // A guest's files lead to vsock, which only a guest has: here its ports are socket files and the hypervisor's.
      const guest = `${dir}/guest`;
      await reader.run("install -D");
      await reader.run("UNSOCK_FILE=", 0);
      const served = controlFile({ dest: sockaddrVsock(VSOCK_CID_ANY, 1234) });
      assertEquals(await Deno.readFile(`${guest}/3000.sock`), served);
      await Deno.remove(`${guest}/3000.sock`);
      await reader.start("libunsock.so run -- iperf -s", `${guest}/3000.sock`);
      await using multiplexer = new Multiplexer(`${dir}/v.sock`, {
        kind: "faithful",
        guest: () => Deno.connect({ transport: "unix", path: `${guest}/3000.sock` }),
      });
      assertMatch((await reader.run("--fc-sock")).stdout, MEASURED);
      assertEquals(await Deno.readFile(reader.socket(2000)), firecrackerFile(`${dir}/v.sock`, 1234));
      assertEquals([...new Set(multiplexer.requests)], ["CONNECT 1234\n"]);

      const delivered = `${dir}/v.sock_5678`;
      await reader.start("--fc-listen", delivered);
      await reader.run("UNSOCK_FILE=", 1);
      assertEquals(await Deno.readFile(`${guest}/5000.sock`), controlFile({ dest: sockaddrVsock(2, 5678) }));
      await Deno.writeFile(`${guest}/5000.sock`, controlFile({ dest: sockaddrUnix(delivered) }));
      assertMatch((await reader.run("libunsock.so run -- iperf -c")).stdout, MEASURED);

      await reader.run("--vsock-cid 3");
      assertEquals(await Deno.readFile(reader.socket(2001)), controlFile({ dest: sockaddrVsock(3, 1234) }));
      await reader.run("--vsock-cid any");
      assertEquals(
        await Deno.readFile(reader.socket(4001)),
        controlFile({ dest: sockaddrVsock(VSOCK_CID_ANY, 5678) }),
      );
      await reader.run("--tipc-type");
      const tipc = controlFile({ dest: sockaddrTipc({ type: 128, lower: 99 }) });
      assertEquals(await Deno.readFile(reader.socket(3001)), tipc);
    }, { places: (dir) => ({ ...guestPlaces(dir), "/run/unsock": `${dir}/guest`, "/run/vm": dir }) }),
});
