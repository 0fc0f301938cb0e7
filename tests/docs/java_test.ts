/** docs/java.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

Deno.test({
  name: "docs: a Java web server is reached through its socket file",
  ignore: !need("java", "curl"),
  fn: () =>
    Reader.with("java", async (reader) => {
      await Deno.writeTextFile(`${reader.home}/Hello.java`, reader.block("java", "class Hello"));
      await reader.start("unsock run -- java", reader.socket(8080));
      assertStrictEquals((await reader.run("unsock run -- curl")).stdout, "hello, 127.0.0.1\n");
      assertStrictEquals((await reader.run("curl --unix-socket")).stdout, "hello, 127.0.0.1\n");
      assertMatch((await reader.run("--dry-run")).stdout, /LD_PRELOAD=.*UNSOCK_DIR=|UNSOCK_DIR=[^]*LD_PRELOAD=/);
    }),
});
