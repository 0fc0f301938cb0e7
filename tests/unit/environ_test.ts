/** The environment as bytes, and what `run` makes of it. */
import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { Environ, splitNul } from "../../lib/system/environ.ts";
import { UsageError } from "../../lib/system/errors.ts";
import { SETTINGS_QUESTION } from "../../lib/run/run_settings.ts";
import type { SettingOptions } from "../../lib/run/settings.ts";
import { RUN_ADDRESSES } from "../../lib/run/settings.ts";
import type { DirectoryOptions } from "../../lib/run/directory_rights.ts";
import { cmdQuote, shellQuote } from "../../lib/system/shell.ts";
import { askedLibrary } from "../support/library.ts";

const text = (environ: Environ) => environ.entries.map((entry) => new TextDecoder().decode(entry));

function apply(variables: Record<string, string>, options: SettingOptions & DirectoryOptions): string[] {
  const given = { dir: "/run/u", lib: "/lib/libunsock.so", ...options };
  const settings = askedLibrary(variables).ask(SETTINGS_QUESTION, given);
  assertEquals(settings.directory, { path: "/run/u", asked: true });
  return Array.from(settings.variables, ([name, value]) => `${name}=${value}`).toSorted();
}

/** The runtimes keep no order in an environment that they pass on. */
function assertSame(actual: readonly string[], expected: readonly string[]): void {
  assertEquals(actual, expected.toSorted());
}

Deno.test("Environ keeps order, bytes that are no UTF-8, doubled names and entries without a value", () => {
  const entries = splitNul(Uint8Array.from("A=\xff\0B\0A=2\0C=3\0", (letter) => letter.charCodeAt(0)));
  const environ = new Environ(entries);
  environ.set("C", "4");
  environ.set("D", "");
  assertEquals([...environ.entries[0] ?? []], [65, 61, 255]);
  assertEquals(text(environ).slice(1), ["B", "A=2", "C=4", "D="]);
  environ.set("A", "1");
  assertEquals(text(environ), ["A=1", "B", "C=4", "D="]);
  environ.delete("A");
  assertEquals(text(environ), ["B", "C=4", "D="]);
  assertStrictEquals(environ.get("B"), undefined);
  assertStrictEquals(environ.get("D"), "");
  assertStrictEquals(environ.getFilled("D"), undefined);
});

Deno.test("query settings adds the defaults of run and nothing else", () => {
  assertSame(apply({ HOME: "/" }, {}), [
    "UNSOCK_DIR=/run/u",
    `UNSOCK_ADDR=${RUN_ADDRESSES}`,
    "UNSOCK_ACCEPT_CONVERT_ALL=1",
    "LD_PRELOAD=/lib/libunsock.so",
  ]);
});

Deno.test("query settings lets the caller's variables stand, and options override them", () => {
  const variables = {
    UNSOCK_ADDR: "::1",
    UNSOCK_PORT: "80",
    UNSOCK_ACCEPT_CONVERT_VSOCK: "1",
    LD_PRELOAD: "a.so b.so",
  };
  assertSame(apply(variables, {}), [
    "UNSOCK_ADDR=::1",
    "UNSOCK_PORT=80",
    "UNSOCK_ACCEPT_CONVERT_VSOCK=1",
    "LD_PRELOAD=/lib/libunsock.so:a.so b.so",
    "UNSOCK_DIR=/run/u",
  ]);
  const all = apply(variables, { addr: "1.1.1.1", port: "81", acceptConvert: "none", log: true, fallback: true });
  assertSame(all, [
    "UNSOCK_ADDR=1.1.1.1",
    "UNSOCK_PORT=81",
    "LD_PRELOAD=/lib/libunsock.so:a.so b.so",
    "UNSOCK_DIR=/run/u",
    "UNSOCK_LOG=stderr",
    "UNSOCK_FALLBACK=1",
  ]);
});

Deno.test("query settings sets the mode for a group's files if no other mode is given", () => {
  const mode = (variables: Record<string, string>, options: Record<string, string>) =>
    apply(variables, { group: "0", ...options }).find((variable) => variable.startsWith("UNSOCK_MODE="));
  assertStrictEquals(mode({}, {}), "UNSOCK_MODE=660");
  assertStrictEquals(mode({}, { mode: "600" }), "UNSOCK_MODE=600");
  assertStrictEquals(mode({ UNSOCK_MODE: "640" }, {}), "UNSOCK_MODE=640");
});

Deno.test("query settings preloads the library once, in front", () => {
  const preload = (before: string) => apply({ LD_PRELOAD: before }, {}).find((text) => text.startsWith("LD_PRELOAD="));
  assertStrictEquals(preload("/lib/libunsock.so"), "LD_PRELOAD=/lib/libunsock.so");
  assertStrictEquals(preload("x.so:/lib/libunsock.so"), "LD_PRELOAD=/lib/libunsock.so:x.so");
  assertStrictEquals(preload(""), "LD_PRELOAD=/lib/libunsock.so");
});

Deno.test("query settings names what the user wrote: the option, or the variable", () => {
  assertMatch(assertThrows(() => apply({}, { port: "0" }), UsageError).message, /^--port: .*: "0"$/);
  assertMatch(assertThrows(() => apply({ UNSOCK_PORT: "0" }, {}), UsageError).message, /^UNSOCK_PORT: .*: "0"$/);
  assertThrows(() => apply({ UNSOCK_PROT: "80" }, {}), UsageError, "UNSOCK_PROT: no such setting");
  assertThrows(() => apply({}, { acceptConvert: "some" }), UsageError);
});

Deno.test("cmdQuote() protects what Windows' shell and then the program would read", () => {
  const cases = [
    ["--port=80", "--port=80"],
    ["a b", '^"a^ b^"'],
    ["", '^"^"'],
    ['say "x"', '^"say^ \\^"x\\^"^"'],
    ["a\\", "a\\"],
    ["a b\\", '^"a^ b\\\\^"'],
    ["a&b|%PATH%", '^"a^&b^|^%PATH^%^"'],
  ];
  for (const [text = "", expected = ""] of cases) assertStrictEquals(cmdQuote(text), expected);
});

Deno.test("shellQuote() protects what a shell would read", () => {
  assertStrictEquals(shellQuote("127.0.0.1/8,::1"), "127.0.0.1/8,::1");
  assertStrictEquals(shellQuote(""), "''");
  assertStrictEquals(shellQuote("it's $HOME"), `'it'\\''s $HOME'`);
});
