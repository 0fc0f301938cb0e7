/** `run`'s own reader of options agrees with the command-line library, or leaves the question to it. */
import assert from "node:assert/strict";
import { Command } from "commander";
import { addSettingOptions } from "../../lib/commands/run.ts";
import { readRunOptions } from "../../lib/run_options.ts";

/** What the command-line library makes of the same words. */
function ask(args: readonly string[]): Record<string, unknown> {
  const command = addSettingOptions(new Command("run")).option("--force").option("--dry-run");
  return command.parse([...args], { from: "user" }).opts();
}

const PLAIN = [
  [],
  ["--dir", "/d", "--addr=::1,127.0.0.1/8", "--port", "80-90", "--mode=660"],
  ["--block-inet", "--block-inet6", "--fallback", "--force", "--dry-run"],
  ["--accept-convert", "none", "--timeout", "5", "--lib=a=b", "--log=x.log"],
  ["--port", "1", "--port=2", "--dir=", "--dir", ""],
  ["--dir", "two\nlines", "--addr=a\nb"],
];

for (const args of PLAIN) {
  Deno.test(`readRunOptions() reads ${JSON.stringify(args)} as commander does`, () => {
    assert.deepEqual(readRunOptions(args), ask(args));
  });
}

Deno.test("readRunOptions() leaves to commander what is not plain", () => {
  const others = [
    ["--help"],
    ["-h"],
    ["--nope"],
    ["--dir"],
    ["--dir", "--port"],
    ["--dir", "-x"],
    ["--force=1"],
    ["--log"],
    ["--log", "file"],
    ["true"],
    ["--di", "x"],
    ["-"],
    ["--constructor", "x"],
    [""],
  ];
  for (const args of others) assert.equal(readRunOptions(args), undefined, args.join(" "));
});
