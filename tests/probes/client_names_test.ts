/** The names by which a server under unsock knows its clients: each address is read as it was written, and nothing else is. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const PORT = 2001;
const RANDOM_NAMES = 200;

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** ADDRESS:PORT of a random address, with a random port unless told; and as an IPv6 socket shows it. */
function randomEndpoint(only?: number): { text: string; shown: string } {
  const random = crypto.getRandomValues(new Uint8Array(19));
  const four = (random[18] ?? 0) % 2 === 0;
  const address = hex(random.subarray(0, four ? 4 : 16));
  const port = only === undefined ? hex(random.subarray(16, 18)) : only.toString(16).padStart(4, "0");
  return { text: `${address}:${port}`, shown: `${four ? "0".repeat(20) + "ffff" : ""}${address}:${port}` };
}

/** Returns the server's answers to clients with these names. */
async function ask(names: readonly string[]): Promise<string[]> {
  let answers: string[] = [];
  await withDir(async (dir) => {
    // All addresses are covered: what a client claims counts where it could be true.
    const env = libraryEnv(dir, { UNSOCK_ADDR: "127.0.0.1/0,::1/0" });
    await using server = start(["python3", "-c", programText("server"), `${PORT}`], { env });
    await until("the server", () => server.output().includes("ready"));
    const stdin = names.map((name) => `${hex(new TextEncoder().encode(name))}\n`).join("");
    const { stdout, stderr } = await run(["python3", "-c", programText("client"), `${dir}/${PORT}.sock`], { stdin });
    assertStrictEquals(stderr, "");
    answers = stdout.trimEnd().split("\n");
  });
  assertStrictEquals(answers.length, names.length);
  return answers;
}

Deno.test({
  name: "every address in a client's name is read as it was written, whatever the last character is",
  ignore: !need("python3"),
  fn: async () => {
    const ends = Array.from({ length: RANDOM_NAMES }, () => ({ from: randomEndpoint(), to: randomEndpoint(PORT) }));
    const hash = "0123456789abcdef"; // of the names that clients take when the plain ones are not to be had
    const names = ends.map(({ from, to }, i) =>
      `unsock ${from.text} ${to.text}${String.fromCharCode(48 + i % 64)}${i % 3 === 0 ? hash : ""}`
    );
    assertEquals(await ask(names), ends.map(({ from, to }) => `${from.shown} ${to.shown}`));
  },
});

Deno.test({
  name: "a plain Unix client with a name that only resembles ours has an address made up for it",
  ignore: !need("python3"),
  fn: async () => {
    const unique = hex(crypto.getRandomValues(new Uint8Array(4)));
    const good = `unsock ${unique}:9c40 7f000001:07d1`;
    const names = [
      `${good}00`,
      ...["G", "F", "g", "/", ":", "@", "`", "\0", "\x10", "é"].map((digit) =>
        `${good.replace(":9c40", `:9${digit}40`)}0`
      ),
      ...["G", "A", "o", "`"].map((digit) => `unsock ${digit}${good.slice(8)}0`),
      `unsock ${unique}:9c40`,
      `unsock ${unique}:9c40 `,
      `unsock ${unique}:9c40 7f000001:07d`,
      `unsock ${unique};9c40 7f000001:07d10`,
      `unsock ${unique}:9c40  7f000001:07d1`,
      `unsock ${unique}00:9c40 7f000001:07d10`,
      `unsocks${unique}:9c40 7f000001:07d10`,
      `unsock ${unique.repeat(4)}:9c40 ${unique.repeat(5)}:07d10`,
    ];
    for (const [i, line] of (await ask(names)).entries()) {
      assertMatch(line, /^0{31}1:[89a-e][0-9a-f]{3} 0{31}1:07d1$/, JSON.stringify(names[i]));
    }
  },
});
