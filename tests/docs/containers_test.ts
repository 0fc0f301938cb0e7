/** docs/containers.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { mayUnshare } from "../support/namespaces.ts";
import { need } from "../support/programs.ts";
import { CLIENT, MEMBERS, SERVER } from "../support/users.ts";
import { Reader } from "./page.ts";

const isRoot = Deno.uid() === 0;

/** Below /tmp root's own is nobody's in the server's user namespace, and anybody could put another in its place. */
const PLACE = isRoot ? await Deno.makeTempDir({ dir: "/run", prefix: "u" }) : undefined;
globalThis.addEventListener("unload", () => PLACE !== undefined && Deno.removeSync(PLACE, { recursive: true }));
if (PLACE !== undefined) await Deno.chmod(PLACE, 0o755);

Deno.test({
  name: "docs: a server in a network namespace of its own is reached through the shared directory, by its group",
  ignore: !need("python3", "curl", "unshare") || !await mayUnshare(isRoot ? SERVER : Deno.uid() ?? 0),
  fn: () =>
    Reader.with("containers", async (reader, dir) => {
      Deno.chmodSync(dir, 0o755);
      await reader.run("install -d");
      await reader.start("unshare", `${PLACE ?? dir}/sockets/8001.sock`, 0, { uid: SERVER });
      const member = await reader.run("curl http://127.0.0.1:8001/", 0, { uid: CLIENT, groups: [MEMBERS] });
      assertMatch(member.stdout, /<title>Directory listing for/);
      const stranger = await reader.tryRun("curl http://127.0.0.1:8001/", 0, { uid: CLIENT });
      assertStrictEquals(stranger.code === 0, !isRoot, stranger.stderr);
    }, {
      users: true,
      places: (dir) => ({
        "/srv/sockets": `${PLACE ?? dir}/sockets`,
        "-o app -g app-clients": isRoot ? `-o ${SERVER} -g ${MEMBERS}` : `-o ${Deno.uid()} -g ${Deno.gid()}`,
      }),
      cannotRun: {
        "docker run": "it needs a container engine and an image",
        "curl http://127.0.0.1:8000/": "its server is the one in that container",
      },
    }),
});
