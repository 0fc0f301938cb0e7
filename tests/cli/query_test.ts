/** `libunsock.so query`: every question of docs/json.md, its answer in the form that the page describes, and what is refused. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { type Schema, violations } from "../support/schema.ts";
import { libraryFile } from "../support/library.ts";
import { need } from "../support/programs.ts";
import { byLibrary } from "./unsock.ts";

const PAGE = Deno.readTextFileSync(new URL("../../docs/json.md", import.meta.url));
const SECTION = PAGE.slice(PAGE.indexOf("## query\n")).split(/^## /m)[1] ?? "";
const SCHEMA: Record<string, Schema> = JSON.parse(/```json\n(.*?)```/s.exec(SECTION)?.[1] ?? "{}");

type Answer = Record<string, unknown>;

async function ask(words: readonly string[], env: Record<string, string> = {}): Promise<[number, Answer[]]> {
  const { stdout, code } = await byLibrary(["query", ...words], { env });
  return [code, stdout.split("\n").slice(0, -1).map((line): Answer => JSON.parse(line))];
}

/** As documented: the members of every answer, and those of this question. */
function assertDocumented(answer: Answer): void {
  const [name = ""] = String(answer.question).split("=", 1);
  const own = SCHEMA[name];
  assert(own !== undefined, `${name} is in docs/json.md`);
  const { question: _, error, status: __, ...members } = answer;
  if (error === undefined) assertEquals(violations(members, own), [], JSON.stringify(answer));
}

Deno.test("query answers each question in the form of docs/json.md, one line each, in one start", () =>
  withDir(async (dir) => {
    using _server = Deno.listen({ transport: "unix", path: `${dir}/80.sock` });
    const library = libraryFile();
    const values: Record<string, string> = {
      names: "",
      state: `${dir}/80.sock`,
      port: "53@::1/udp",
      client: "80@127.0.0.1",
      prune: `${dir}/81.sock`,
      route: "sh",
      library,
      profile: "/bin/sh",
      rewriting: library,
      may: "5:/bin/sh",
    };
    const { stdout } = await byLibrary(["query", "--help"]);
    const names = [...stdout.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = ""]) => name);
    assertEquals(names.toSorted(), Object.keys(SCHEMA).toSorted(), "--help and docs/json.md have the same questions");
    const words = names.map((name) => values[name] ? `${name}=${values[name]}` : name);
    const [code, answers] = await ask(["--dir", dir, ...words]);
    assertStrictEquals(code, 0);
    assertEquals(answers.map(({ question }) => question), words);
    answers.forEach(assertDocumented);
    const byName = Object.fromEntries(answers.map((answer) => [String(answer.question).split("=", 1)[0], answer]));
    assertStrictEquals(byName.state?.state, "alive");
    assertStrictEquals(byName.directory?.path, dir);
    const { names: files } = byName.names as { names: Answer[] };
    assertEquals(files.map(({ name, what, state }) => [name, what, state]), [["80.sock", "plain", "alive"]]);
    const { sockets } = byName.sockets as { sockets: Answer[] };
    assert(sockets.some(({ path, port, listening }) => path === `${dir}/80.sock` && port === 80 && listening === true));
  }));

Deno.test({
  name: "query sockets reads the paths from /proc/net/unix where the kernel has no sock_diag for AF_UNIX",
  ignore: !need("strace"),
  fn: () =>
    withDir(async (dir) => {
      using _server = Deno.listen({ transport: "unix", path: `${dir}/80.sock` });
      const without = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=socket", "-e", "inject=socket:error=ENOENT"];
      const { stdout, stderr } = await run([...without, libraryFile(), "query", "sockets"]);
      assert(stdout !== "", stderr);
      const { sockets }: { sockets: Answer[] } = JSON.parse(stdout);
      const ours = sockets.filter(({ path }) => String(path).endsWith(`${dir}/80.sock`.slice(1)));
      assertEquals(ours.map(({ path, port, listening }) => [path, port, listening]), [[`${dir}/80.sock`, 80, true]]);
    }),
});

Deno.test("query reports in the answer why there is none, and exits with 1", () =>
  withDir(async (dir) => {
    const [code, answers] = await ask(["route=none-such", "port=0", `names=x`, "version"], { PATH: dir });
    assertStrictEquals(code, 1);
    assertEquals(answers.map(({ error }) => typeof error), ["string", "string", "string", "undefined"]);
    assertStrictEquals(answers[0]?.status, 127);
    const [, [settings]] = await ask(["--port=0", "settings"]);
    assertMatch(String(settings?.error), /^--port: /);
    Deno.writeTextFileSync(`${dir}/file`, "");
    const [, [inFile]] = await ask([`--dir=${dir}/file`, "names"]);
    assertStrictEquals(inFile?.error, `directory ${dir}/file: Not a directory`);
    const [, [nowhere]] = await ask([`--dir=${dir}/none`, "names"]);
    assertEquals(nowhere?.names, []);
  }));

Deno.test("query refuses words that are no questions before it answers any", async () => {
  for (const words of [[], ["version", "colour"], ["version=1"], ["port"], ["--nope", "version"]]) {
    const { stdout, stderr, code } = await byLibrary(["query", ...words]);
    assertEquals([stdout, code], ["", 2], words.join(" "));
    assertMatch(stderr, /^unsock: [^\n]+\n$/);
  }
});

Deno.test("query escapes control characters, and replaces bytes that are no UTF-8 by U+FFFD", () =>
  withDir(async (dir) => {
    const script =
      `printf '#!/bin/sh\\n' >"$1/$(printf 'a\\377"\\001')" && chmod +x "$1"/a* && exec "$2" query route="$(echo "$1"/a*)"`;
    const { stdout, stderr } = await run(["sh", "-c", script, "sh", dir, libraryFile()]);
    assertMatch(stdout, /^\{"question":"route=[^\n]*\/a\uFFFD\\"\\u0001"[^\n]*\}\n$/, stderr);
    assertStrictEquals(JSON.parse(stdout).steps[0].file, `${dir}/a\uFFFD"\x01`);
  }));

Deno.test("query prints a list that is longer than any buffer", () =>
  withDir(async (dir) => {
    for (let port = 1; port <= 2000; port++) Deno.writeTextFileSync(`${dir}/${port}.sock`, "");
    const [code, [all, one]] = await ask(["--dir", dir, "names", "names=80"]);
    assertStrictEquals(code, 0);
    assertStrictEquals((all as { names: Answer[] }).names.length, 2000);
    assertEquals((one as { names: Answer[] }).names.map(({ name }) => name), ["80.sock"]);
  }));
