/** A server behind a control file whose backlog is full: a blocking connect waits for it as long as TCP would. */
import { assert, assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { PORT as FIRECRACKER_PORT, withMultiplexer } from "../support/firecracker.ts";
import { buildProbe, compareRuns, runIsolated, runPlain } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const programText = programsOf(import.meta);

const PORT = 17480;

Deno.test(
  "a blocking connect through a control file to a server that does not accept ends as over TCP, and not before",
  {
    ignore: !need("cc"),
  },
  async () => {
    const binary = await buildProbe("connect_full");
    const plain = await runPlain(binary, String(PORT));
    await withDir(async (dir) => {
      await Deno.writeFile(`${dir}/${PORT}.sock`, controlFile({ dest: sockaddrUnix(`${dir}/behind.sock`) }));
      const shim = await runIsolated([binary, String(PORT)], shimEnv(dir));
      compareRuns(plain, { ...shim, left: [] }, { refuses: true }, undefined);
    });
  },
);

const LIMITS = [
  ["TCP_SYNCNT", 1, "ETIMEDOUT", 2900],
  ["TCP_USER_TIMEOUT", 500, "ETIMEDOUT", 950],
  ["SO_SNDTIMEO", 300, "EINPROGRESS", 250],
] as const;
/** The handshake's own limit: whoever ended by it took far longer than by the client's. */
const HANDSHAKE_MS = 50_000;

Deno.test("a blocking connect through a silent Firecracker multiplexer ends by the client's own limits", {
  ignore: !need("python3"),
}, async () => {
  await withMultiplexer({ kind: "silent" }, async ({ dir }) => {
    await Promise.all(LIMITS.map(async ([option, value, errno, least]) => {
      const { stdout } = await run([
        "python3",
        "-c",
        programText("limited"),
        String(FIRECRACKER_PORT),
        option,
        String(value),
      ], {
        env: shimEnv(dir, { UNSOCK_CONNECT_TIMEOUT_MS: String(HANDSHAKE_MS) }),
      });
      const [said, took] = stdout.trim().split(" ");
      assertStrictEquals(said, errno, option);
      assert(Number(took) >= least && Number(took) < HANDSHAKE_MS, `${option}: ${took} ms`);
    }));
  });
});
