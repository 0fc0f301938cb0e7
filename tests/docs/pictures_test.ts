/** The README's pictures: how it works, and a terminal that was really used. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path/posix";
import { commandsIn, record, SOCKETS } from "../../scripts/record.ts";
import { drawTerminal, escape } from "../../scripts/record/terminal.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const ROOT = fromFileUrl(import.meta.resolve("../.."));
const PICTURES = ["docs/how.svg", "docs/recording.svg", "docs/bench.svg"];

Deno.test({
  name: "the README shows its pictures, which are well-formed, have a title and are drawn for both themes",
  ignore: !need("python3"),
  fn: async () => {
    const readme = Deno.readTextFileSync(join(ROOT, "README.md"));
    for (const file of PICTURES) {
      assertMatch(readme, new RegExp(`^!\\[[^\\]]{20,}\\]\\(${file}\\)$`, "m"));
      const svg = Deno.readTextFileSync(join(ROOT, file));
      assertStringIncludes(svg, "prefers-color-scheme: dark");
      const check = "import sys, xml.etree.ElementTree as x; print(x.fromstring(sys.stdin.read()).tag)";
      assertEquals((await run(["python3", "-c", check], { stdin: svg })).stdout, "{http://www.w3.org/2000/svg}svg\n");
    }
  },
});

Deno.test({
  name: "the commands that deno task record types work, and docs/recording.svg shows their output",
  ignore: !need("python3", "curl", "ss", "bash"),
  fn: () =>
    withDir(async (dir) => {
      const steps = await record(join(dir, "s"));
      const [, , , asked, ports, listed, plain] = steps.map(({ output }) => output);
      assertEquals([asked, ports, plain], [["HTTP/1.0 200 OK"], ["0"], ["<!DOCTYPE HTML>"]]);
      assertMatch(listed?.join("\n") ?? "", /^8000 +stream +listening .* python3\[\d+\]$/m);
      const shown = Deno.readTextFileSync(join(ROOT, "docs/recording.svg"));
      const drawn = drawTerminal("title", steps);
      for (const command of commandsIn(SOCKETS)) assertStringIncludes(shown, `>${escape(command)}</tspan>`);
      const lines = (svg: string) => svg.split("\n").filter((line) => line.startsWith("<text")).length;
      assertEquals(lines(shown), lines(drawn));
      assert(drawn.includes(">&lt;!DOCTYPE HTML&gt;</text>"), drawn);
    }),
});
