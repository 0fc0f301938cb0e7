/** The socket files themselves: when they appear, with which rights, and when they go. */
import { assert, assertEquals, assertMatch, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { buildProbe } from "../support/probe.ts";
import { namesIn as names, withDir } from "../support/dir.ts";
import { type Proc, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";

const options = { ignore: !need("cc") };

/** Starts hold_port under the library and waits until it holds its port. */
async function hold(dir: string, type: "stream" | "datagram", at = "127.0.0.1", port = 0, env = {}) {
  const holder = start([await buildProbe("hold_port"), type, at, String(port)], { env: libraryEnv(dir, env) });
  const line = await until("hold_port has its port", () => /^port: (\d+)$/m.exec(holder.output()));
  return { holder, port: Number(line[1]) };
}

/** Sends a signal and waits for the line that says it was obeyed. */
async function tell(holder: Proc, signal: Deno.Signal): Promise<void> {
  const before = holder.output().split("done").length;
  Deno.kill(holder.pid, signal);
  await until(`hold_port obeys ${signal}`, () => holder.output().split("done").length > before);
}

for (const [type, suffix] of [["stream", ".sock"], ["datagram", ".dgram.sock"]] as const) {
  Deno.test(
    `a bound ${type} socket is the file PORT${suffix} until it is closed`,
    options,
    () =>
      withDir(async (dir) => {
        const held = await hold(dir, type);
        await using holder = held.holder;
        assertEquals(names(dir), [`${held.port}${suffix}`]);
        assert(Deno.statSync(join(dir, `${held.port}${suffix}`)).isSocket);
        await tell(holder, "SIGUSR1");
        assertEquals(names(dir), []);
      }),
  );

  Deno.test(
    `the file of a ${type} socket is removed when its process exits, and not by a forked child`,
    options,
    () =>
      withDir(async (dir) => {
        const held = await hold(dir, type);
        await using holder = held.holder;
        await tell(holder, "SIGHUP");
        assertEquals(names(dir), [`${held.port}${suffix}`]);
        Deno.kill(holder.pid, "SIGTERM");
        await holder.status;
        assertEquals(names(dir), []);
      }),
  );

  Deno.test(
    `the file of a killed ${type} socket stays, and the next process takes its place`,
    options,
    () =>
      withDir(async (dir) => {
        const first = await hold(dir, type);
        {
          await using holder = first.holder;
          Deno.kill(holder.pid, "SIGKILL");
          await holder.status;
        }
        const file = join(dir, `${first.port}${suffix}`);
        // Not the inode's number, which file systems reuse at once, nor its time of modification, which tells an address.
        const stale = Deno.statSync(file).birthtime?.getTime();
        const second = await hold(dir, type, "127.0.0.1", first.port);
        await using _holder = second.holder;
        assertNotStrictEquals(Deno.statSync(file).birthtime?.getTime(), stale);
      }),
  );

  Deno.test(`a live ${type} socket is not taken, and its file is not replaced`, options, () =>
    withDir(async (dir) => {
      const held = await hold(dir, type);
      await using _holder = held.holder;
      const file = join(dir, `${held.port}${suffix}`);
      const before = Deno.statSync(file).ino;
      await using other = start([await buildProbe("hold_port"), type, "127.0.0.1", String(held.port)], {
        env: libraryEnv(dir),
      });
      assertStrictEquals((await other.status).code, 2);
      assertMatch(other.output(), /EADDRINUSE/);
      assertStrictEquals(Deno.statSync(file).ino, before);
    }));
}

Deno.test("the file goes at shutdown", options, () =>
  withDir(async (dir) => {
    const held = await hold(dir, "stream");
    await using holder = held.holder;
    await tell(holder, "SIGUSR2");
    assertEquals(names(dir), []);
  }));

Deno.test(
  "UNSOCK_MODE sets the rights of the file, and without it the umask does",
  options,
  () =>
    withDir(async (dir) => {
      const umask = Deno.umask();
      for (
        const [env, mode] of [[{ UNSOCK_MODE: "600" }, 0o600], [{ UNSOCK_MODE: "666" }, 0o666], [{}, 0o777 & ~umask]]
      ) {
        const held = await hold(dir, "stream", "127.0.0.1", 0, env as Record<string, string>);
        await using _holder = held.holder;
        const { mode: actual } = Deno.statSync(join(dir, `${held.port}.sock`));
        assertStrictEquals(((actual ?? 0) & 0o777).toString(8), (mode as number).toString(8));
      }
    }),
);

Deno.test(
  "a process that ends by _exit may leave its file; the next one takes its place",
  options,
  () =>
    withDir(async (dir) => {
      const first = await hold(dir, "stream");
      {
        await using holder = first.holder;
        Deno.kill(holder.pid, "SIGQUIT");
        await holder.status;
      }
      const second = await hold(dir, "stream", "0.0.0.0", first.port);
      await using holder = second.holder;
      assertEquals(names(dir), [`${first.port}.sock`]);
      await tell(holder, "SIGUSR1");
      assertEquals(names(dir), []);
    }),
);

Deno.test("all covered addresses of both families share the one file of a port", options, () =>
  withDir(async (dir) => {
    for (const at of ["127.0.0.1", "127.0.0.99", "0.0.0.0", "::1", "::"]) {
      const held = await hold(dir, "stream", at, 4711);
      await using holder = held.holder;
      assertEquals(names(dir), ["4711.sock"], at);
      await tell(holder, "SIGUSR1");
    }
  }));
