/** docs/go.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { assertNoIpListener } from "../support/net.ts";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

Deno.test({
  name: "docs: a web server in Go is reached through its socket file",
  ignore: !need("go", "curl"),
  fn: () =>
    Reader.with("go", async (reader) => {
      await Deno.writeTextFile(`${reader.home}/hello.go`, reader.block("go", "package main"));
      await reader.run("go build");
      await reader.start("unsock run -- ./hello", reader.socket(8080));
      assertStrictEquals((await reader.run("unsock run -- curl")).stdout, "hello from Go\n");
      assertMatch((await reader.run("unsock doctor")).stdout, /trap/);
      assertNoIpListener(8080);
    }),
});
