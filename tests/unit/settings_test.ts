/** Settings as the environment says them: `lib/run/settings.ts`. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MAX_DIRECTORY_LENGTH, SettingError } from "../../lib/run/setting_types.ts";
import { parseSettings, SETTING_LIST, toEnvironment } from "../../lib/run/settings.ts";

const parse = (variables: Record<string, string>) => parseSettings((name) => variables[name]);

/** Three bad values, at least, of every setting. */
const BAD: Record<string, string[]> = {
  UNSOCK_DIR: ["relative", "./x", "/", "//", "/./", `/${"d".repeat(MAX_DIRECTORY_LENGTH)}`, " /tmp"],
  UNSOCK_ADDR: [
    "localhost",
    "127.0.0.1/33",
    "127.0.0.1,",
    "127.0.0.1, ::1",
    "::1/129",
    Array(65).fill("::1").join(","),
  ],
  UNSOCK_PORT: ["0", "65536", "80-", "-80", "90-80", "80,", "http", "80-90-100", Array(65).fill("1").join(",")],
  UNSOCK_MODE: ["888", "1000", "rw", "-7", "0o700", "7 "],
  UNSOCK_BLOCK_INET: ["2", "yes", "01"],
  UNSOCK_BLOCK_INET6: ["true", "-1", " 1"],
  UNSOCK_ACCEPT_CONVERT_ALL: ["on", "11", "1\n"],
  UNSOCK_ACCEPT_CONVERT_VSOCK: ["y", "10", "0 "],
  UNSOCK_FALLBACK: ["no", "2", "+1"],
  UNSOCK_ONE_ADDRESS: ["yes", "2", "01"],
  UNSOCK_CONNECT_TIMEOUT_MS: ["0", "3600001", "5s", "-1", "1e3"],
  UNSOCK_ENGINE: ["none", "AUTO", "auto ", "1"],
  UNSOCK_STRICT: ["2", "yes", "on"],
  UNSOCK_PATCH: ["no", "2", "off"],
  UNSOCK_TRUST: ["yes", "2", "01"],
  UNSOCK_OFF: ["off", "2", "01"],
  UNSOCK_LOG: ["stdout", "log.txt", "STDERR", `/${"l".repeat(255)}`],
};

Deno.test("every setting has bad values here", () => {
  assertEquals(Object.keys(BAD).toSorted(), SETTING_LIST.map(({ variable }) => variable).toSorted());
});

for (const [name, values] of Object.entries(BAD)) {
  Deno.test(`parseSettings() refuses bad values of ${name}, naming both`, () => {
    for (const value of values) {
      const { message } = assertThrows(() => parse({ [name]: value }), SettingError);
      assert(message.startsWith(`${name}: `) && message.endsWith(`: "${value}"`), message);
    }
  });
}

Deno.test("parseSettings() has the documented defaults, for unset and for empty", () => {
  const empty = Object.fromEntries(Object.keys(BAD).map((name) => [name, ""]));
  assertEquals(parse(empty), parse({}));
  const settings = parse({});
  assertStrictEquals(settings.directory, undefined);
  assertEquals(settings.addresses.map(({ text, bits }) => `${text}/${bits}`), ["127.175.0.0/32"]);
  assertEquals(settings.ports, []);
  assertStrictEquals(settings.mode, undefined);
  assertStrictEquals(settings.connectTimeoutMs, 5000);
  assertStrictEquals(settings.log, undefined);
});

Deno.test("parseSettings() reads lists, ranges and octal modes", () => {
  const settings = parse({ UNSOCK_ADDR: "10.0.0.1/8,::1", UNSOCK_PORT: "80,8000-8999", UNSOCK_MODE: "0660" });
  assertEquals(settings.addresses.map(({ text }) => text), ["10.0.0.1", "::1"]);
  assertEquals(settings.ports, [{ first: 80, last: 80 }, { first: 8000, last: 8999 }]);
  assertStrictEquals(settings.mode, 0o660);
});

Deno.test("parseSettings() drops needless slashes before it measures the directory", () => {
  assertStrictEquals(parse({ UNSOCK_DIR: "/tmp//unsockets/./x/" }).directory, "/tmp/unsockets/x");
  const longest = `/${"d".repeat(MAX_DIRECTORY_LENGTH - 1)}`;
  assertStrictEquals(parse({ UNSOCK_DIR: `${longest}///` }).directory, longest);
});

Deno.test("toEnvironment() writes what parseSettings() reads", () => {
  const variables = {
    UNSOCK_DIR: "/run/x",
    UNSOCK_ADDR: "127.0.0.1/8,::1",
    UNSOCK_PORT: "80,90-99",
    UNSOCK_MODE: "060",
    UNSOCK_BLOCK_INET: "1",
    UNSOCK_BLOCK_INET6: "1",
    UNSOCK_ACCEPT_CONVERT_ALL: "1",
    UNSOCK_ACCEPT_CONVERT_VSOCK: "1",
    UNSOCK_FALLBACK: "1",
    UNSOCK_ONE_ADDRESS: "1",
    UNSOCK_CONNECT_TIMEOUT_MS: "100",
    UNSOCK_LOG: "/var/log/x",
    UNSOCK_ENGINE: "trap",
    UNSOCK_STRICT: "1",
    UNSOCK_PATCH: "0",
    UNSOCK_TRUST: "1",
    UNSOCK_OFF: "1",
  };
  assertEquals(Object.fromEntries(toEnvironment(parse(variables))), variables);
  assertEquals([...toEnvironment(parse({}))], []);
});
