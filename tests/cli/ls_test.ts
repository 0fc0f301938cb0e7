/** `unsock ls`: what is in the directory, and who is behind it. */
import assert from "node:assert/strict";
import * as path from "node:path";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { unsock } from "./unsock.ts";

interface Listed {
  readonly port: number;
  readonly kind: string;
  readonly state: string;
  readonly target: string | null;
  readonly mode: string;
  readonly connections: number;
  readonly processes: { pid: number; name: string }[];
}

async function list(directory: string): Promise<Listed[]> {
  const result = await unsock(["ls", "--dir", directory, "--json"]);
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

/** A server that is killed leaves its file behind. */
async function leaveStale(file: string): Promise<void> {
  const code = `Deno.listen({ transport: "unix", path: ${JSON.stringify(file)} }); Deno.kill(Deno.pid, "SIGKILL")`;
  await run([Deno.execPath(), "eval", code]);
}

Deno.test("ls tells the live from the stale, sockets from control files, and whose they are", async () => {
  await withDir(async (dir) => {
    const file = (name: string) => path.join(dir, name);
    using server = Deno.listen({ transport: "unix", path: file("80.sock") });
    using _client = await Deno.connect({ transport: "unix", path: file("80.sock") });
    using _accepted = await server.accept();
    await leaveStale(file("81.sock"));
    assert.equal((await unsock(["make-control", file("82.sock"), "--vsock-port", "7"])).code, 0);
    Deno.writeTextFileSync(file("83.sock"), "nonsense");
    for (const name of ["other", "0.sock", "65536.sock", "x.sock", "84.sock.bak"]) {
      Deno.writeTextFileSync(file(name), "");
    }

    const [alive, stale, control, invalid, ...others] = await list(dir);
    assert.deepEqual(others, []);
    assert.deepEqual([alive?.port, alive?.kind, alive?.state, alive?.connections], [80, "stream", "alive", 1]);
    assert.deepEqual(alive?.processes.map(({ pid }) => pid), [Deno.pid]);
    assert.deepEqual([stale?.port, stale?.state, stale?.connections], [81, "stale", 0]);
    assert.deepEqual([control?.port, control?.state, control?.target], [82, "control", "vsock port 7, CID any"]);
    assert.deepEqual([invalid?.port, invalid?.state], [83, "invalid"]);
    assert.equal(alive?.mode.length, 4);

    const { stdout } = await unsock(["ls", "--dir", dir]);
    assert.match(stdout, /^PORT +KIND +STATE/);
    assert.match(stdout, new RegExp(`^80 +stream +alive .*\\[${Deno.pid}\\]$`, "m"));
  });
});

Deno.test("ls of a directory that does not exist is an empty list", async () => {
  await withDir(async (dir) => {
    assert.deepEqual(await list(path.join(dir, "none")), []);
  });
});
