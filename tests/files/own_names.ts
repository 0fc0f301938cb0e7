/** Programs with sockets of one port on several addresses. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const ignore = !need("python3");

/** A test of what such a program tells, which leaves nothing in its directory. */
export function story(
  what: string,
  program: string,
  facts: Facts,
  dirName = "",
  extra: Record<string, string> = {},
): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      const sockets = `${dir}${dirName}`;
      await Deno.mkdir(sockets, { recursive: true });
      const { stdout, stderr } = await run(["python3", "-c", program], {
        env: libraryEnv(sockets, extra),
      });
      assertStrictEquals(stderr, "");
      assertEquals(readFacts(stdout), facts);
      assertEquals([...Deno.readDirSync(sockets)], []);
    }));
}
