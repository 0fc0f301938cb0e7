/** The soak's datagram clients accept late answers and no wrong ones, over UDP as under the library. */
import { assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { runIsolated } from "../support/probe.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const SOAK = join(dirname(fromFileUrl(import.meta.url)), "..", "..", "scripts", "soak");

const FROM = "0 from ('0.0.0.0', 0)";
const ANSWERED = ["answered none passed over"];

const STORIES: readonly [what: string, how: string, questions: number, found: readonly string[]][] = [
  ["a late answer to what was asked of another server is none of its findings", "late", 80, ANSWERED],
  ["an answer to the former holder of a port is passed over", "former holder", 20, ["answered passed over"]],
  ["an answer from another server is wrong", "another server", 8, [
    "not answered none passed over",
    `Wrong: asked 0, heard ${FROM}`,
  ]],
  ["an answer by another server's name is wrong", "another name", 8, [
    "not answered none passed over",
    `Wrong: asked 0, heard ${FROM}`,
  ]],
  ["an answer with other bytes is wrong", "other bytes", 8, [
    "not answered none passed over",
    "Wrong: asked 0 for 0 bytes, heard 0 others",
  ]],
  ["an answer to another client is wrong", "another client", 40, [
    "answered none passed over",
    `Wrong: port 0 asked, port 0 heard ${FROM}`,
  ]],
];

for (const [what, how, questions, found] of STORIES) {
  const command = ["python3", "-c", programText("servers"), SOAK, how, String(questions)];
  Deno.test(`the soak's clients of datagrams: ${what}`, { ignore: !need("python3") }, () =>
    withDir(async (dir) => {
      const over = await Promise.all([runIsolated(command), runIsolated(command, libraryEnv(dir))]);
      for (const { facts } of over) assertStrictEquals(facts.join("\n"), found.join("\n"));
    }));
}
