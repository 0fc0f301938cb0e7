/** docs/firecracker.md */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrUnix, sockaddrVsock, VSOCK_CID_ANY } from "../support/control.ts";
import { Multiplexer } from "../support/multiplexer.ts";
import { ownPort } from "../support/own_port.ts";
import { need } from "../support/programs.ts";
import { guestPlaces, Reader } from "./page.ts";

Deno.test({
  name: "docs: programs of a Firecracker host and its guest talk to each other",
  ignore: !need("python3", "curl", "redis-server", "redis-cli"),
  fn: async () => {
    using own = ownPort();
    await Reader.with("firecracker", async (reader, dir) => {
      // A guest's files lead to vsock, which only a guest has: here its ports are socket files and the hypervisor's.
      const guest = `${dir}/guest`;
      await reader.run("install -D");
      await reader.run("UNSOCK_FILE=", 0);
      const served = controlFile({ dest: sockaddrVsock(VSOCK_CID_ANY, 5000) });
      assertEquals(await Deno.readFile(`${guest}/8000.sock`), served);
      await Deno.remove(`${guest}/8000.sock`);
      await reader.start("run -- python3", `${guest}/8000.sock`);
      await using multiplexer = new Multiplexer(`${dir}/v.sock`, {
        kind: "faithful",
        guest: () => Deno.connect({ transport: "unix", path: `${guest}/8000.sock` }),
      });
      assertMatch((await reader.run("--fc-sock")).stdout, /<title>Directory listing for/);
      assertEquals(multiplexer.requests, ["CONNECT 5000\n"]);
      const look = () => reader.tryCommand(["curl", "-sS", "--max-time", "60", `http://127.0.0.1:${own.port}/`]);
      await reader.start("unsock expose", async () => (await look()).stdout.includes("Directory listing for"));

      const delivered = `${dir}/v.sock_6000`;
      await reader.start("--fc-listen", delivered);
      await reader.run("UNSOCK_FILE=", 1);
      assertEquals(await Deno.readFile(`${guest}/6379.sock`), controlFile({ dest: sockaddrVsock(2, 6000) }));
      await Deno.writeFile(`${guest}/6379.sock`, controlFile({ dest: sockaddrUnix(delivered) }));
      assertStrictEquals((await reader.run("redis-cli ping")).stdout, "PONG\n");

      await reader.run("ln -s");
      await Deno.writeFile(`${guest}/6379.sock`, controlFile({ dest: sockaddrUnix(`${dir}/w.sock_6000`) }));
      assertStrictEquals((await reader.run("redis-cli ping")).stdout, "PONG\n");

      assertMatch((await reader.run("show-control")).stdout, new RegExp(`${dir}/v\\.sock[^]*5000`));
    }, {
      places: (dir) => ({
        ...guestPlaces(dir),
        "/run/unsock": `${dir}/guest`,
        "/run/vm": dir,
        "8000=8080": `8000=${own.port}`,
      }),
    });
  },
});
