/** docs/containers.md */
import { assertMatch } from "@std/assert";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

Deno.test({
  name: "docs: a server in a network namespace of its own is reached through the shared directory",
  ignore: !need("python3", "curl", "unshare"),
  fn: () =>
    Reader.with("containers", async (reader, dir) => {
      await reader.start("unshare", `${dir}/sockets/8001.sock`);
      assertMatch((await reader.run("curl http://127.0.0.1:8001/")).stdout, /<title>Directory listing for/);
    }, {
      places: (dir) => ({ "/srv/sockets": `${dir}/sockets` }),
      cannotRun: {
        "docker run": "it needs a container engine and an image",
        "curl http://127.0.0.1:8000/": "its server is the one in that container",
      },
    }),
});
