/** docs/agents.md, and the skill that the packages have. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path/posix";
import { COMMANDS } from "../../lib/commands/table.ts";
import { optionFlag } from "../../lib/system/options.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { assertNoIpListener } from "../support/net.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

const ROOT = fromFileUrl(import.meta.resolve("../.."));
const SKILL = Deno.readTextFileSync(join(ROOT, "packaging/SKILL.md"));
const MAY_ISOLATE = await mayUnshare();
const MAY_WRAP = need("bwrap") && (await run(["bwrap", "--dev-bind", "/", "/", "--unshare-net", "true"])).code === 0;
const LISTING = /Directory listing for/;

/** Runs a command with the variables that the settings of the checkout give to an agent's commands. */
async function runAsAgent(checkout: string, command: string): Promise<string> {
  const settings = JSON.parse(await Deno.readTextFile(`${checkout}/.claude/settings.local.json`));
  const { stdout, stderr } = await run(["sh", "-c", command], { cwd: checkout, env: settings.env });
  return stdout + stderr;
}

Deno.test({
  name:
    "docs: an agent's commands have the checkout's loopback, by the whole agent, by its settings, and in bubblewrap",
  ignore: !need("git", "python3", "curl"),
  fn: () =>
    Reader.with("agents", async (reader) => {
      const config = "[user]\n\tname = Somebody\n\temail = somebody@example.org\n";
      await Deno.writeTextFile(`${reader.home}/.gitconfig`, config);
      await reader.run("git init");
      const feature = `${reader.home}/feature`;
      assertMatch((await reader.run("unsock wait")).stdout, LISTING);

      await reader.run("settings.local.json");
      const serve = "python3 -m http.server --bind 127.0.0.1 3000 & server=$!";
      const asked = await runAsAgent(
        feature,
        `${serve}; curl -s --retry 50 --retry-delay 0 --retry-connrefused http://127.0.0.1:3000/; kill $server`,
      );
      assertMatch(asked, LISTING);

      await Deno.mkdir(`${feature}/node_modules/unsock`, { recursive: true });
      await Deno.writeTextFile(`${feature}/node_modules/unsock/SKILL.md`, SKILL);
      await reader.run("SKILL.md");
      assertStrictEquals(await Deno.readTextFile(`${feature}/.claude/skills/unsock/SKILL.md`), SKILL);

      if (MAY_WRAP) {
        await reader.start("bwrap", async () => (await reader.tryRun("-- curl")).code === 0);
        await reader.run("-- curl");
        assertNoIpListener(3000);
      }
      if (MAY_ISOLATE) assertMatch((await reader.run("--private --isolate")).stdout, LISTING);
    }, {
      cannotRun: {
        ...(MAY_WRAP ? {} : { "bwrap": "bubblewrap is not there, or may not make a namespace", "-- curl": "the same" }),
        ...(MAY_ISOLATE ? {} : { "--private --isolate": "this machine lets nobody have a network namespace" }),
      },
    }),
});

Deno.test("the skill has at most 30 lines, a name and a description, and commands and options that are there", () => {
  assert(SKILL.split("\n").length <= 31);
  const [, head = ""] = /^---\n([^]*?)\n---\n/.exec(SKILL) ?? [];
  assertEquals(head.split("\n").map((line) => line.split(":")[0]), ["name", "description"]);
  assert((/^description: (.*)$/m.exec(head)?.[1]?.length ?? 0) <= 1024);
  const wrong = Array.from(SKILL.matchAll(/[`(]unsock ([a-z]+)((?: --[a-z-]+)*)/g)).filter(([, name, flags = ""]) => {
    const command = COMMANDS.find((one) => one.name === name);
    const known = Object.keys(command?.options ?? {}).map(optionFlag);
    return command === undefined || flags.split(" ").some((flag) => flag !== "" && !known.includes(flag));
  });
  assertEquals(wrong.map(([text]) => text), []);
});
