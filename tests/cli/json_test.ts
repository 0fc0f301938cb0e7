/** The output of `--json` matches docs/json.md. */
import { assert, assertEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { FINDING_KEYS } from "../../lib/checks/finding.ts";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { type Schema, violations } from "../support/schema.ts";
import { until } from "../support/wait.ts";
import { testedLibrary, unsock, unsockCommand } from "./unsock.ts";

const PAGE = Deno.readTextFileSync(new URL("../../docs/json.md", import.meta.url));

function schemaOf(command: string): Schema {
  const section = PAGE.slice(PAGE.indexOf(`## ${command}\n`));
  return JSON.parse(/```json\n(.*?)```/s.exec(section)?.[1] ?? "");
}

async function assertAsDocumented(command: string, args: string[], env: Record<string, string> = {}): Promise<unknown> {
  const { stdout } = await unsock([command, "--json", ...args], { env });
  const value = JSON.parse(stdout);
  assertEquals(violations(value, schemaOf(command)), [], stdout);
  return value;
}

Deno.test("violations() finds what does not fit a schema, and what it does not tell of", () => {
  const schema: Schema = { type: "object", required: ["a"], properties: { a: { enum: [1] }, b: { type: "string" } } };
  assertEquals(violations({ a: 1, b: "" }, schema), []);
  assertEquals(violations({ b: 2, c: 3 }, schema), ["$.a: missing", "$.b: integer, not string", "$.c: not documented"]);
  assertEquals(violations([{ a: 2 }], { type: "array", items: schema }), ["$[0].a: none of 1: 2"]);
});

Deno.test("ls, show-control, prune and doctor print the JSON that docs/json.md describes", () =>
  withDir(async (dir) => {
    using _stream = Deno.listen({ transport: "unix", path: path.join(dir, "80.sock") });
    const code = `Deno.listen({ transport: "unix", path: "${dir}/81.sock" }); Deno.kill(Deno.pid, "SIGKILL")`;
    await run([Deno.execPath(), "eval", code]);
    Deno.writeTextFileSync(path.join(dir, "82.sock"), "nonsense");
    for (
      const [port, ...target] of [
        ["83", "--vsock-port", "7"],
        ["84", "--fc-sock", "/run/v.sock", "--vsock-port", "7"],
        ["85", "--tipc-type", "1", "--tipc-instance", "2"],
        ["86", "--unix", "@name"],
        ["87", "--inet", "192.0.2.1:80"],
        ["88", "--inet", "[2001:db8::1]:80", "--sockopt", "SO_RCVBUF=4096"],
        ["89", "--refuse", "--half-close", "pass"],
      ] as const
    ) {
      const file = path.join(dir, `${port}.sock`);
      assertEquals((await unsock(["make-control", file, ...target])).code, 0);
      await assertAsDocumented("show-control", [file]);
    }
    const files = await assertAsDocumented("ls", ["--dir", dir]);
    assert(Array.isArray(files) && files.length === 10);
    const findings = await assertAsDocumented("doctor", ["--dir", dir]);
    const keys = new Set((findings as { key: string }[]).map(({ key }) => key));
    for (const key of ["kernel", "settings", "library", "directory", "listeners", "stale"]) assert(keys.has(key), key);
    await assertAsDocumented("doctor", ["sh"], { UNSOCK_DIR: dir, UNSOCK_OFF: "1" });
    assert((await assertAsDocumented("prune", ["--dir", dir]) as unknown[]).length === 1);
  }));

Deno.test("expose --http prints the JSON that docs/json.md describes", () =>
  withDir(async (dir) => {
    Deno.mkdirSync(path.join(dir, "unsock"), { mode: 0o700 });
    using _stream = Deno.listen({ transport: "unix", path: path.join(dir, "unsock", "80.sock") });
    await using exposed = start([...unsockCommand(), "expose", "--http", "0", "--json"], {
      env: { XDG_RUNTIME_DIR: dir, ...testedLibrary() },
    });
    const line = await until("the line is there", () => /^(\{.*\})\n/.exec(exposed.output())?.[1]);
    assertEquals(violations(JSON.parse(line), schemaOf("expose")), [], line);
    assertEquals(JSON.parse(line).loopbacks[0].ports[0].port, 80);
  }));

Deno.test("docs/json.md has every key of doctor's findings", () => {
  assertEquals(schemaOf("doctor").items?.properties?.key?.enum, [...FINDING_KEYS]);
});
