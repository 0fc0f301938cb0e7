/** `unsock expose --http`: all loopbacks of a user behind one port, by name; its pages, and what it prints. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { run, start } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { type Rig, testFront } from "./http_rig.ts";
import { assertFails } from "./unsock.ts";

function statusOf(rig: Rig, url: string, ...more: string[]): Promise<string> {
  return rig.text(url, "-o", "/dev/null", "-w", "%{http_code}", ...more);
}

testFront("expose --http: the same port in several loopbacks, each by its name, and all in a list", async (rig) => {
  await rig.serve([], "D", 3000);
  await Promise.all([
    rig.serve(["--name", "main", "--dir", `${rig.dir}/main`], "A", 3000),
    rig.serve(["--name", "feature", "--private"], "B", 3000),
    rig.serve(["--name", "feature-2", "--dir", `${rig.dir}/<i>'&`], "C", 3000),
    rig.serve(["--dir", `${rig.dir}/r/unsock/inner`], "E", 5173),
    rig.serve(["--dir", `${rig.dir}/extra`], "F", 1),
    rig.serve(["--dir", `${rig.dir}/extra`], "G", 2),
  ]);
  await rig.expose(`${rig.dir}/extra`);
  for (
    const [host, name] of [
      ["main.localhost/", "A"],
      ["FEATURE.localhost/", "B"],
      ["feature-2.localhost/", "C"],
      ["unsock.localhost/", "D"],
      ["inner.localhost/", "E"],
      ["5173.inner.localhost/", "E"],
      ["2.extra.localhost/", "G"],
    ] as const
  ) {
    assertMatch(await rig.text(host), new RegExp(`^${name} - keep-alive 0 / `), host);
  }
  const list = await rig.text("localhost/");
  assertMatch(list, new RegExp(`<a href="http://3000\\.main\\.localhost:${rig.port}/">3000</a>`));
  assert(list.includes(`<a href="http://feature.localhost:${rig.port}/">feature</a>`), list);
  assert(list.includes("/&#60;i&#62;&#39;&#38;</code>") && !list.includes("<i>"), list);
  assertMatch(list, /^<li><a href="http:\/\/extra[^\n]*>1<\/a>, <a [^\n]*>2<\/a> <code>/m);
  assertMatch(await rig.text("extra.localhost/"), /<h1>Choose a port<\/h1>[^]*2\.extra\.localhost/);
  assertStrictEquals(await statusOf(rig, "127.0.0.1/"), "200");
  assertStrictEquals(await statusOf(rig, "localhost/", "-X", "POST"), "405");
  for (const [url, status] of [["localhost/x", "404"], ["nobody.localhost/", "404"], ["7.main.localhost/", "502"]]) {
    assertStrictEquals(await statusOf(rig, url ?? ""), status);
    assertMatch(
      await rig.text(url ?? ""),
      /<a href="http:\/\/main\.localhost/,
      "such a page lists the names with links",
    );
  }
  for (const host of ["example.org", "localhost.example.org", "xlocalhost", "main.localhost.", ""]) {
    const expected = host === "main.localhost." ? "200" : host === "" ? "400" : "421";
    const header = ["-H", `Host:${host === "" ? "" : ` ${host}`}`];
    assertStrictEquals(await statusOf(rig, "localhost/", ...header), expected, host);
    if (expected === "421") {
      assert(!(await rig.text("localhost/", ...header)).includes("main"), "strangers learn no name");
    }
  }
});

testFront(
  "expose --http: a name is removed with its loopback, and belongs to the last one that took it",
  async (rig) => {
    const exposed = await rig.expose();
    assertMatch(exposed.output(), /^Serving 0 loopbacks at http:\/\/[^\n]*\nNo server listens yet: unsock run --name/);
    const one = await rig.serve(["--name", "it", "--private"], "A", 3000);
    assertMatch(await rig.text("it.localhost/"), /^A /);
    const two = await rig.serve(["--name", "it", "--private"], "B", 3000);
    // The front uses a server that it found for a moment before it looks again.
    await until("the last one is found", async () => /^B /.test(await rig.text("it.localhost/")));
    for (const server of [one, two]) await server[Symbol.asyncDispose]();
    assertMatch(await rig.text("localhost/"), /No server listens/);
    assertStrictEquals(await statusOf(rig, "it.localhost/"), "404");
    const names = () => [...Deno.readDirSync(`${rig.dir}/r/unsock/.names`)].map(({ name }) => name);
    assertEquals(names(), ["it"]);
    await rig.serve(["--name", "other", "--private"], "C", 3000);
    assertEquals(names(), ["other"], "who gives a name forgets those that lead nowhere");
    for (const name of ["", "A", "a.b", "-a", "a-", "a/b", "a".repeat(64)]) {
      const result = await run([libraryFile(), "run", `--name=${name}`, "--", "true"], { env: rig.env });
      assertFails(result, 125, name === "" ? /--name: empty/ : /--name: must be 1 to 63 of a-z, 0-9 and -/);
    }
  },
);

testFront("expose --http prints each URL that it serves, when it starts and as they come and go", async (rig) => {
  await rig.serve(["--name", "main", "--dir", `${rig.dir}/main`], "A", 3000);
  const exposed = await rig.expose();
  const at = (name: string) => `http://${name}.localhost:${rig.port}/`;
  assertStrictEquals(
    exposed.output(),
    `Serving 1 loopback at http://localhost:${rig.port}/ (Ctrl-C stops)\n${at("main")} → port 3000\n`,
  );
  const other = await rig.serve(["--name", "feature", "--dir", `${rig.dir}/f`], "B", 5173);
  await until("it has come", () => exposed.output().includes(`${at("feature")} → port 5173\n`));
  const more = await rig.serve(["--dir", `${rig.dir}/f`], "C", 80);
  await until("it has two", () => exposed.output().includes(`${at("80.feature")} → port 80\n`));
  assert(exposed.output().includes(`${at("feature")} is gone\n`) && exposed.output().includes(at("5173.feature")));
  Deno.kill(more.pid, "SIGKILL");
  await until("a killed server has gone", () => exposed.output().includes(`${at("80.feature")} is gone\n`));
  await other[Symbol.asyncDispose]();
  await until("all have gone", () => exposed.output().trimEnd().endsWith(`${at("feature")} is gone`));
  assert(!exposed.output().slice(1).includes("Serving"), "the first line is said once");
});

testFront("expose --http goes on after the reader of its output has closed it", async (rig) => {
  await using exposed = start(["sh", "-c", `${rig.commandText()} | head -n 1`], { env: rig.env });
  rig.port = await until("it listens", () => Number(/localhost:(\d+)\//.exec(exposed.output())?.[1]), 60_000);
  for (const name of ["one", "two"]) {
    await rig.serve(["--name", name, "--private"], name, 3000);
    await until("the front has seen it", async () => (await rig.text("localhost/")).includes(`http://${name}.`));
    assertMatch(await rig.text(`${name}.localhost/`), new RegExp(`^${name} `));
  }
});
