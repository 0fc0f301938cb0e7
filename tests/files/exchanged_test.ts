/**
 * Another user exchanges the directory, again and again, with a link to another one. A program that trusts him
 * (UNSOCK_TRUST, --force) changes nothing there: the live socket of the same name stays, with its mode.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { unsock } from "../cli/unsock.ts";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { STRANGER } from "../support/users.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const ignore = Deno.uid() !== 0 || !need("python3");

/** Leaves a socket file to which nobody is bound. */
const LEAVE = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])";

async function pruneMeanwhile(directory: string): Promise<void> {
  await using exchange = start(["python3", "-c", programText("exchange"), join(directory, ".."), `${STRANGER}`]);
  await until("they are exchanged", () => /at it/.test(exchange.output()));
  assertStrictEquals((await unsock(["prune", "--force", "--dir", directory])).stderr, "");
}

interface Scene {
  readonly directory: string;
  /** The victim's file. */
  readonly file: string;
  /** Of the directory with the victim's file: what there is of it that could be changed. */
  readonly look: () => readonly unknown[];
}

async function withExchange(fn: (scene: Scene) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    Deno.chmodSync(dir, 0o755);
    const [above, outside] = [join(dir, "a"), join(dir, "o")];
    const directory = join(above, "d");
    Deno.mkdirSync(directory, { recursive: true });
    Deno.mkdirSync(outside);
    Deno.symlinkSync(outside, join(above, "l"));
    for (const path of [above, directory]) Deno.chownSync(path, STRANGER, STRANGER);
    const file = join(outside, "8080.sock");
    await using server = start(["python3", "-c", programText("serve"), file]);
    await until("the victim is there", () => /there/.test(server.output()));
    const look = () => {
      const { ino, mode, mtime } = Deno.lstatSync(file);
      return [ino, mode, mtime?.getTime()];
    };
    await fn({ directory, file, look });
  });
}

Deno.test({
  name: "bind and close in a directory that another user exchanges change no mode and remove no file elsewhere",
  ignore,
  fn: () =>
    withExchange(async ({ directory, look }) => {
      const before = look();
      const env = libraryEnv(directory, { UNSOCK_MODE: "666", UNSOCK_TRUST: "1" });
      await using binder = start(["python3", "-c", programText("bind")], { env });
      await until("it has started", () => /ready/.test(binder.output()));
      await using exchange = start(["python3", "-c", programText("exchange"), join(directory, ".."), `${STRANGER}`]);
      await until("they are exchanged", () => /at it/.test(exchange.output()));
      assertStrictEquals((await binder.status).code, 0, binder.output());
      assertEquals(look(), before);
    }),
});

Deno.test({
  name: "prune --force of a directory that another user exchanges removes nothing elsewhere",
  ignore,
  fn: () =>
    withExchange(async ({ directory, look }) => {
      const before = look();
      const [above, left] = [join(directory, ".."), join(directory, "8080.sock")];
      for (let i = 0; i < 12; i++) {
        if (Deno.lstatSync(directory).isSymlink) {
          Deno.removeSync(directory);
          Deno.renameSync(join(above, "l"), directory);
          Deno.symlinkSync(join(above, "..", "o"), join(above, "l"));
        }
        await Deno.remove(left).catch(() => {}); // it may have been pruned
        assertStrictEquals((await run(["python3", "-c", LEAVE, left])).code, 0);
        await pruneMeanwhile(directory);
        assertEquals(look(), before);
      }
    }),
});
