/** A server behind a control file whose backlog is full: a blocking connect waits for it as long as TCP would. */
import { assert, assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { PORT as FIRECRACKER_PORT, withMultiplexer } from "../support/firecracker.ts";
import { buildProbe, compareRuns, runIsolated, runPlain } from "../support/probe.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

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

/** A client with one limit of its own, in milliseconds where its option has a unit. */
const LIMITED = `
import errno, socket, struct, sys, time
client = socket.socket()
option, value = sys.argv[2], int(sys.argv[3])
if option == "SO_SNDTIMEO":
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("qq", value // 1000, value % 1000 * 1000))
else:
    client.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
begun = time.monotonic()
print(errno.errorcode[client.connect_ex(("127.0.0.1", int(sys.argv[1])))], round((time.monotonic() - begun) * 1000))
`;

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
      const { stdout } = await run(["python3", "-c", LIMITED, String(FIRECRACKER_PORT), option, String(value)], {
        env: shimEnv(dir, { UNSOCK_CONNECT_TIMEOUT_MS: String(HANDSHAKE_MS) }),
      });
      const [said, took] = stdout.trim().split(" ");
      assertStrictEquals(said, errno, option);
      assert(Number(took) >= least && Number(took) < HANDSHAKE_MS, `${option}: ${took} ms`);
    }));
  });
});
