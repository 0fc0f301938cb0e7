/** docs/github-actions.md: the step that runs the tests, as GitHub runs it. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { assertNoIpListener } from "../support/net.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { Reader, readYaml } from "./page.ts";

interface Workflow {
  readonly jobs: { readonly test: { readonly steps: readonly { readonly name?: string; readonly run?: string }[] } };
}

Deno.test({
  name: "docs: four runs of tests at once, each with a loopback of its own, use the same port",
  ignore: !need("python3", "curl", "yaml", "bash"),
  fn: () =>
    Reader.with("github-actions", async (reader) => {
      const { jobs } = await readYaml("github-actions") as Workflow;
      const step = jobs.test.steps.find(({ name }) => name === "Test");
      assert(step?.run !== undefined);
      Deno.writeTextFileSync(`${reader.home}/test.sh`, reader.block("sh", "http.server"));
      Deno.writeTextFileSync(`${reader.home}/step`, step.run);
      const { code, stderr } = await reader.tryCommand(["bash", "-e", "step"]);
      assertStrictEquals(code, 0, stderr);
      for (const part of [1, 2, 3, 4]) {
        assertMatch(Deno.readTextFileSync(`${reader.home}/answer-${part}`), /Directory listing for/);
      }
      // A server's directory stays until all its processes have ended (docs/limits.md).
      await until("their directories are gone", () => [...Deno.readDirSync(`${reader.runtime}/unsock`)].length === 0);
      assertNoIpListener(8000);
    }),
});
