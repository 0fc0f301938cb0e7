/** `unsock expose --http --cert`: the floods of the plain port inside TLS, and those of TLS itself. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { makeCertificate } from "../support/certificates.ts";
import { type Proc, run, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { beside, GROWTH_MOST_MB, memoryOf } from "./flood_watch.ts";
import { handshakes, holder, HOSTILE, HOSTILE_CLIENTS, hostileClients } from "./floods.ts";
import { type Rig, testFront } from "./http_rig.ts";

/** A front with HTTPS, in front of an honest server and one that never answers. */
async function exposeSecure(rig: Rig, by: string[] = []): Promise<{ front: Proc; address: string }> {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  await rig.special("waits");
  const certificate = await makeCertificate(rig.dir, ["localhost", "main.localhost", "waits.localhost"]);
  const front = await rig.expose("", { certificate }, by);
  return { front, address: `tls:${rig.port}` };
}

/** One kind of each bound: the same reader takes both kinds of connections. */
const KINDS = ["bomb", "resets", "pings", "continuations"] as const;

testFront("expose --http --cert: a hostile client of HTTP/2 is ended inside TLS as without it", async (rig) => {
  const { front, address } = await exposeSecure(rig);
  await beside(address, front, async () => {
    for (const kind of KINDS) {
      const { stdout, stderr } = await run(hostileClients(kind, HOSTILE[kind], address));
      assertStrictEquals(stdout, `ended=${HOSTILE_CLIENTS}\n`, `${kind}: ${stderr}`);
    }
  });
  assertStrictEquals(/unsock:/.exec(front.output()), null, front.output());
});

/** What a client sends that never finishes its handshake: one byte, or some of the first record. */
const UNFINISHED = ["\x16", `\x16\x03\x01\x02\x02\x01${"\x01".repeat(400)}`];
const FEW_DESCRIPTORS = 600;

testFront(
  "expose --http --cert: with few descriptors it answers, whatever handshakes are never finished",
  async (rig) => {
    const { front, address } = await exposeSecure(rig, ["prlimit", `--nofile=${FEW_DESCRIPTORS}`]);
    for (const text of UNFINISHED) {
      await beside(address, front, async () => {
        await using held = start(holder(rig.port, { count: 2 * FEW_DESCRIPTORS, text }));
        await until("all are connected", () => held.output().includes("held"), 60_000);
      });
    }
  },
);

const HANDSHAKES = { connections: 4, count: 40 };

testFront("expose --http --cert: floods of handshakes, new and resumed, do not add up in memory", async (rig) => {
  const { front, address } = await exposeSecure(rig);
  const before = memoryOf(front.pid);
  for (let i = 0; i < 2; i++) {
    const { stdout } = await beside(address, front, () => {
      return run(handshakes(rig.port, HANDSHAKES.connections, HANDSHAKES.count));
    });
    assertMatch(stdout, /^made=\d+ resumed=\d+ failed=0\n$/);
  }
  const after = memoryOf(front.pid);
  assert(after - before < GROWTH_MOST_MB, `${before} to ${after} MB`);
});

testFront("expose --http --cert: a client may not renegotiate", async (rig) => {
  await exposeSecure(rig);
  // s_client renegotiates when it reads a line "R".
  const ask = ["openssl", "s_client", "-tls1_2", "-connect", `127.0.0.1:${rig.port}`];
  const { stderr } = await run(["sh", "-c", '(echo R; cat) | "$@"', "sh", ...ask], { stdin: "R\n" });
  assertMatch(stderr, /^RENEGOTIATING\n.*no renegotiation/m);
}, need("openssl"));
