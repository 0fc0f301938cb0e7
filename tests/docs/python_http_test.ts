/** docs/python-http.md */
import { assertEquals, assertMatch } from "@std/assert";
import { controlFile, firecrackerFile, sockaddrTipc, sockaddrVsock, VSOCK_CID_ANY } from "../support/control.ts";
import { assertNoIpListener } from "../support/net.ts";
import { guestIn, Multiplexer } from "../support/multiplexer.ts";
import { need } from "../support/programs.ts";
import { guestPlaces, Reader } from "./page.ts";

const LISTING = /<title>Directory listing for/;

Deno.test({
  name: "docs: Python's web server is reached through its socket file, and through a Firecracker guest's multiplexer",
  ignore: !need("python3", "curl"),
  fn: () =>
    Reader.with("python-http", async (reader, dir) => {
      await reader.start("unsock run -- python3", reader.socket(8000));
      assertMatch((await reader.run("curl http://localhost:8000/")).stdout, LISTING);
      assertMatch((await reader.run("curl --unix-socket")).stdout, LISTING);
      assertNoIpListener(8000);

      // The guest's file leads to vsock, which only a guest has: here the guest's port is its socket file.
      await reader.run("install -D");
      await reader.run("UNSOCK_FILE=");
      const guestFile = `${dir}/guest/8000.sock`;
      assertEquals(await Deno.readFile(guestFile), controlFile({ dest: sockaddrVsock(VSOCK_CID_ANY, 8000) }));
      await Deno.remove(guestFile);
      await reader.start("export UNSOCK_DIR=", guestFile);
      await reader.run("--vsock-cid 3");
      assertEquals(await Deno.readFile(reader.socket(38000)), controlFile({ dest: sockaddrVsock(3, 8000) }));
      await reader.run("--fc-sock");
      assertEquals(await Deno.readFile(reader.socket(38001)), firecrackerFile(`${dir}/v.sock`, 8000));
      await using _multiplexer = new Multiplexer(`${dir}/v.sock`, { kind: "faithful", guest: guestIn(`${dir}/guest`) });
      assertMatch((await reader.run("curl http://localhost:38001/")).stdout, LISTING);

      await Deno.remove(reader.socket(8000));
      await reader.run("--tipc-type");
      const tipc = controlFile({ dest: sockaddrTipc({ type: 180, lower: 0 }) });
      assertEquals(await Deno.readFile(reader.socket(8000)), tipc);
    }, {
      places: (dir) => ({ ...guestPlaces(dir), "/run/unsock": `${dir}/guest`, "/run/vm": dir }),
      cannotRun: { modprobe: "it needs the machine's kernel and network card" },
    }),
});
