/** The pages' pictures: how it works, how fast, and a terminal that was really used. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { LIST, record, SESSION } from "../../scripts/record.ts";
import { drawTerminal, escape } from "../../scripts/record/terminal.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";

const ROOT = fromFileUrl(import.meta.resolve("../.."));
/** By the page that shows them. */
const PICTURES: readonly (readonly [page: string, file: string])[] = [
  ["README.md", "docs/recording.svg"],
  ["docs/behaviour.md", "how.svg"],
  ["docs/behaviour.md", "bench.svg"],
  ["docs/traffic.md", "list.svg"],
];

Deno.test({
  name: "pages show their pictures, which are well-formed, have a title and are drawn for both themes",
  ignore: !need("python3"),
  fn: async () => {
    for (const [page, file] of PICTURES) {
      const text = Deno.readTextFileSync(join(ROOT, page));
      assertMatch(text, new RegExp(`^!\\[[^\\]]{20,}\\]\\(${RegExp.escape(file)}\\)$`, "m"));
      const svg = Deno.readTextFileSync(join(ROOT, dirname(page), file));
      assertStringIncludes(svg, "prefers-color-scheme: dark");
      const check = "import sys, xml.etree.ElementTree as x; print(x.fromstring(sys.stdin.read()).tag)";
      assertEquals((await run(["python3", "-c", check], { stdin: svg })).stdout, "{http://www.w3.org/2000/svg}svg\n");
    }
  },
});

Deno.test({
  name: "the commands that deno task record types work, and docs/recording.svg shows their output",
  ignore: !need("git", "python3", "curl", "ss", "bash"),
  fn: async () => {
    const steps = await record(SESSION);
    const outputs = steps.map(({ output }) => output);
    assertEquals(outputs.slice(0, 6), [[], [], [], ["<h1>shop</h1>"], ["<h1>sale: 20 % off</h1>"], ["0"]]);
    const names = outputs[6]?.map((line) => line.split(/ +/).slice(0, 2));
    assertEquals(names, [["NAME", "PORT"], ["sale", "3000"], ["webshop", "3000"]]);
    const shown = Deno.readTextFileSync(join(ROOT, "docs/recording.svg"));
    const drawn = drawTerminal("title", steps);
    for (const command of SESSION.commands) assertStringIncludes(shown, `>${escape(command)}</tspan>`);
    const lines = (svg: string) => svg.split("\n").filter((line) => line.startsWith("<text")).length;
    assertEquals(lines(shown), lines(drawn));
    assert(drawn.includes(">&lt;h1&gt;shop&lt;/h1&gt;</text>"), drawn);
  },
});

Deno.test({
  name: "docs/list.svg shows unsock ls --all on a terminal of 100 columns, as it lists six loopbacks",
  ignore: !need("git", "python3", "node", "redis-server", "script", "bash"),
  fn: async () => {
    const shown = Deno.readTextFileSync(join(ROOT, "docs/list.svg"));
    const lines = Array.from(shown.matchAll(/^<text [^>]*>([^<]*)<\/text>$/gm), ([, line = ""]) => line);
    assertEquals(lines.filter((line) => line.length > 100), []);
    const firstTwo = (all: readonly string[]) => all.map((line) => line.split(/ +/).slice(0, 2).join(" "));
    const [{ output } = { output: [] }] = await record(LIST);
    assertEquals(firstTwo(output), firstTwo(lines));
    assertEquals(firstTwo(output), [
      "NAME PORT",
      "api 8000",
      "cart 3000",
      "db 6379",
      "sale 3000",
      "shop 3000",
      "test 3000",
    ]);
  },
});
