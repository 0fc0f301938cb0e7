/** Python's web server with the everyday clients. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { createHash, randomBytes } from "node:crypto";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ignore = !need("python3", "curl", "wget");
/** A version manager's python3 may be in front of the system's: Debian's own is what is tested. */
const PYTHON = "/usr/bin/python3";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

for (const cli of [false, true]) {
  const how = cli ? "by command line" : "by environment";
  Deno.test(`curl and wget fetch a file from python3 -m http.server, ${how}`, { ignore }, async () => {
    await withRig(async (rig) => {
      const port = cli ? 17131 : 17132;
      const content = randomBytes(1 << 20);
      rig.write("big", content);
      const argv = [PYTHON, "-u", "-m", "http.server", "--directory", rig.files, `${port}`];
      const server = await rig.server(argv, { tcp: [port], cli });

      const fetched = `${rig.files}/by-curl`;
      await rig.client(["curl", "-sSf", "-o", fetched, `http://127.0.0.1:${port}/big`], { cli: !cli });
      assertStrictEquals(sha256(Deno.readFileSync(fetched)), sha256(content));

      const copied = `${rig.files}/by-wget`;
      await rig.client(["wget", "-q", "-O", copied, `http://localhost:${port}/big`], { cli });
      assertStrictEquals(sha256(Deno.readFileSync(copied)), sha256(content));
      assertMatch(server.output(), /127\.0\.0\.1 .*"GET \/big HTTP\/1\.1" 200/);
    });
  });
}

Deno.test("curl opens many connections at once and tells the address of each end", { ignore }, async () => {
  await withRig(async (rig) => {
    rig.write("small", "small\n");
    const argv = [PYTHON, "-m", "http.server", "--bind", "127.0.0.1", "--directory", rig.files, "17133"];
    await rig.server(argv, { tcp: [17133] });
    const form = "%{remote_ip} %{remote_port} %{local_ip} %{local_port}\\n";
    const { stdout } = await rig.client(
      ["curl", "-sSf", "--parallel", "-w", form, "-o", "/dev/null", "http://127.0.0.1:17133/small?[1-30]"],
    );
    const lines = stdout.trim().split("\n");
    assertStrictEquals(lines.length, 30);
    for (const line of lines) assertMatch(line, /^127\.0\.0\.1 17133 127\.0\.0\.1 \d+$/);
    assertStrictEquals(new Set(lines).size, 30, "each connection has a client port of its own");
  });
});

Deno.test("curl reports a port without a server as refused", { ignore }, async () => {
  await withRig(async (rig) => {
    for (const cli of [false, true]) {
      const { stderr } = await rig.client(["curl", "-sS", "http://127.0.0.1:17134/"], { code: 7, cli });
      assertMatch(stderr, /Failed to connect|Could not connect|refused/);
    }
  });
});

Deno.test("curl reaches a redirected server by its socket file, without unsock", { ignore }, async () => {
  if (Deno.env.get("UNSOCK_TEST_PLAIN") === "1") return;
  await withRig(async (rig) => {
    rig.write("small", "small\n");
    const server = await rig.server(
      [PYTHON, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", rig.files, "17135"],
      { tcp: [17135] },
    );
    const { stdout } = await rig.client(
      ["curl", "-sSf", "--unix-socket", `${rig.sockets}/17135.sock`, "http://any.example/small"],
      { env: { LD_PRELOAD: "" } },
    );
    assertStrictEquals(stdout, "small\n");
    // A client without an IP address has the first listed one.
    assertMatch(server.output(), /^127\.0\.0\.1 - /m);
  });
});
