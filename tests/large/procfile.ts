/**
 * Tests docs/worktrees.md for a project's Procfile and .envrc, with Debian's ruby-foreman and direnv. Run by
 * `deno task test:pages`, not by CI.
 */
import { assertMatch } from "@std/assert";
import { readBlocks, Reader } from "../docs/page.ts";
import { need } from "../support/programs.ts";

const PAGE = "worktrees";
const OWN = ["git init", "foreman start", "direnv allow"];
const OTHERS = Object.fromEntries(
  readBlocks(PAGE).filter(({ language, text }) => language === "sh" && !OWN.some((part) => text.includes(part)))
    .map(({ text }) => [text, "tests/docs or tests/large runs it"]),
);

Deno.test({
  name: "worktrees: foreman runs the Procfile, and direnv the .envrc, in the checkout's loopback",
  ignore: !need("git", "python3", "curl", "foreman", "direnv"),
  fn: () =>
    Reader.with(PAGE, async (reader) => {
      for (const [name, value] of [["user.name", "Somebody"], ["user.email", "somebody@example.org"]]) {
        await reader.tryCommand(["git", "config", "--global", name ?? "", value ?? ""]);
      }
      await reader.run("git init");
      const feature = `${reader.home}/feature`;
      await Deno.writeTextFile(`${feature}/only-in-feature`, "");
      await Deno.writeTextFile(`${feature}/Procfile`, reader.block("procfile", "web:"));
      assertMatch((await reader.run("feature && foreman start")).stdout, /check\.1 +\| .*only-in-feature/);
      await Deno.writeTextFile(`${feature}/Procfile`, reader.block("procfile", "worker:"));
      assertMatch((await reader.run("-- foreman start")).stdout, /worker\.1 +\| .*only-in-feature/);
      await Deno.writeTextFile(`${feature}/.envrc`, reader.block("bash", "eval"));
      reader.startCommand([
        "sh",
        "-c",
        "cd feature && exec unsock run --here -- python3 -m http.server --bind 127.0.0.1 3000",
      ]);
      await reader.tryCommand(["sh", "-c", "cd feature && unsock wait --here 3000 --timeout 20"]);
      assertMatch((await reader.run("direnv allow")).stdout, /only-in-feature/);
    }, { cannotRun: OTHERS }),
});
