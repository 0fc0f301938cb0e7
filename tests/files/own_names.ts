/** Programs with sockets of one port on several addresses. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const ignore = !need("python3");

/** A test of what such a program prints, which leaves nothing in its directory. */
export function story(
  what: string,
  program: string,
  output: string,
  dirName = "",
  extra: Record<string, string> = {},
): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      const sockets = `${dir}${dirName}`;
      await Deno.mkdir(sockets, { recursive: true });
      const { stdout, stderr } = await run(["python3", "-c", program], {
        env: shimEnv(sockets, extra),
      });
      assertStrictEquals(stderr, "");
      assertStrictEquals(stdout, output);
      assertEquals([...Deno.readDirSync(sockets)], []);
    }));
}
