/** A server behind a control file whose backlog is full: a blocking connect waits for it. */
import { assert, assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { PORT as FIRECRACKER_PORT, withMultiplexer } from "../support/firecracker.ts";
import { MAY_DIFFER } from "../probes/may_differ.ts";
import { buildProbe, compareRuns, runIsolated, runPlain } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const PORT = 17480;

Deno.test(
  "a blocking connect through a control file to a server that does not accept waits until SO_SNDTIMEO or a signal ends it",
  {
    ignore: !need("cc"),
  },
  async () => {
    const binary = await buildProbe("connect_full");
    const plain = await runPlain(binary, String(PORT));
    await withDir(async (dir) => {
      await Deno.writeFile(`${dir}/${PORT}.sock`, controlFile({ dest: sockaddrUnix(`${dir}/behind.sock`) }));
      const under = await runIsolated([binary, String(PORT)], libraryEnv(dir));
      // A socket that has not reached the target has no port, before and after.
      const { "SO_SNDTIMEO 300 ms, again: with the same port": _, ...known } = MAY_DIFFER["connect_full"] ?? {};
      compareRuns(plain, { ...under, left: [] }, { refuses: true }, known);
    });
  },
);

const LIMIT_MS = 300;
/** The handshake's own limit: whoever ended by it took far longer than by the client's. */
const HANDSHAKE_MS = 50_000;

Deno.test("a blocking connect through a silent Firecracker multiplexer ends by the client's SO_SNDTIMEO", {
  ignore: !need("python3"),
}, async () => {
  await withMultiplexer({ kind: "silent" }, async ({ dir }) => {
    const { stdout } = await run(
      ["python3", "-c", programText("limited"), String(FIRECRACKER_PORT), String(LIMIT_MS)],
      {
        env: libraryEnv(dir, { UNSOCK_CONNECT_TIMEOUT_MS: String(HANDSHAKE_MS) }),
      },
    );
    const [said, took] = stdout.trim().split(" ");
    assertStrictEquals(said, "EINPROGRESS");
    assert(Number(took) >= LIMIT_MS - 50 && Number(took) < HANDSHAKE_MS, `${took} ms`);
  });
});
