/** Attacks by abstract names: another user binds those that clients want, or a peer claims an address in its own. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { libraryEnv } from "../support/library.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

/** Abstract names are all tests' alone: a port for each keeps them apart. */
function randomPort(): number {
  return 10_000 + (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) % 20_000;
}

async function claim(listening: string, target: string): Promise<string> {
  let told = "";
  await withDir(async (dir) => {
    await using server = start(["python3", "-c", programText("server"), listening], { env: libraryEnv(dir) });
    await until("the server", () => server.output().includes("ready"));
    const port = randomPort().toString(16);
    const { stdout, stderr } = await run([
      "python3",
      "-c",
      programText("claim"),
      `${dir}/2001.sock`,
      `7f000001:${port} ${target}0`,
    ]);
    assertStrictEquals(stderr, "");
    told = stdout.trimEnd();
  });
  return told;
}

for (
  const [what, listening, target, own] of [
    ["an address that is not covered", "127.0.0.1", "08080808:07d1", "127.0.0.1"],
    ["an address that is another's", "127.0.0.1", "7f000002:07d1", "127.0.0.1"],
    ["a port that is another's", "127.0.0.1", "7f000001:0016", "127.0.0.1"],
    ["an address that is not covered, to a wildcard", "0.0.0.0", "08080808:07d1", "127.0.0.1"],
    ["a port that is another's, to a wildcard", "0.0.0.0", "7f000002:0016", "127.0.0.1"],
    ["one of the addresses of a wildcard", "0.0.0.0", "7f000002:07d1", "127.0.0.2"],
  ] as const
) {
  Deno.test(`a peer that claims to have connected to ${what} does not set the server's address`, {
    ignore,
  }, async () => {
    const [itself, executed] = (await claim(listening, target)).split(/(?<=\)) /);
    assertStrictEquals(itself, `('${own}', 2001)`);
    // Which address its listener had cannot be told after exec; the port can.
    assertMatch(executed ?? "", /^\('127\.0\.0\.[12]', 2001\)$/);
  });
}

/** How the names of a directory's clients end: its inode number with the device's two mixed in, bytes from the lowest. */
function tagOf(dir: string): string {
  const { ino, dev } = Deno.statSync(dir);
  const major = BigInt(dev >> 8), minor = BigInt(dev & 0xff);
  const tag = new BigUint64Array([BigInt(ino ?? 0) ^ major << 52n ^ minor << 32n]);
  return [...new Uint8Array(tag.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("connections go on when another user has bound the names that their clients would take", {
  ignore,
}, async () => {
  const port = String(randomPort());
  const [low = "32768", high = "60999"] = Deno.readTextFileSync("/proc/sys/net/ipv4/ip_local_port_range").trim()
    .split(/\s+/);
  await withDir(async (dir) => {
    // Nothing keeps another user from guessing the numbers of a directory that they may not look into.
    await using squatter = start(["python3", "-c", programText("squatter"), port, low, high, tagOf(dir)]);
    await until("all names are taken", () => squatter.output().includes("taken"), 30_000);
    assertStrictEquals(await python(programText("connections"), dir, port, low, high), "20 0\n");
  });
});

Deno.test("the same port may connect to the same port in two directories at once", { ignore }, async () => {
  const port = randomPort(), source = randomPort() + 20_000;
  await withDir(async (one) => {
    await withDir(async (other) => {
      const command = [
        "python3",
        "-c",
        programText("from_chosen"),
        String(port),
        String(source),
        "hold",
      ];
      await using held = start(command, { env: libraryEnv(one) });
      await until("the first connection", () => held.output().includes("\n"));
      assertStrictEquals(held.output(), `${source}\n`);
      assertStrictEquals(await python(programText("from_chosen"), other, String(port), String(source)), `${source}\n`);
    });
  });
});
