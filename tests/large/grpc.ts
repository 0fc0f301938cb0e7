/**
 * Tests gRPC (npm's @grpc/grpc-js) through expose --http, without TLS and with it: all kinds of calls, errors, deadlines
 * and trailers, as without a front. Run by `deno task test:pages`.
 */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { testFront } from "../cli/http_rig.ts";
import { makeCertificate } from "../support/certificates.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { programsOf } from "../support/program_text.ts";
import { until } from "../support/wait.ts";

const PACKAGE = "@grpc/grpc-js@1";
const INSTALL_MS = 300_000;
const HOST = "main.localhost";
const programText = programsOf(import.meta);

/** What the client prints. */
const SEEN = (authority: string) =>
  `one word for ${authority}; x-sum 42
NOT_FOUND no such word; x-sum 42
DEADLINE_EXCEEDED Deadline exceeded; x-sum 
many word 0,many word 1,many word 2; OK, x-sum 42
both first,both second; OK, x-sum 42
one 1000000 bytes for ${authority}; x-sum 42
`;

testFront(
  "gRPC passes expose --http, with TLS and without: calls of each kind, errors, deadlines, trailers",
  async (rig) => {
    const installed = await run(["npm", "install", "--prefix", rig.dir, "--no-audit", "--no-fund", PACKAGE], {
      cwd: rig.dir,
      timeoutMs: INSTALL_MS,
    });
    assertStrictEquals(installed.code, 0, installed.stderr);
    for (const name of ["server.cjs", "client.cjs", "service.cjs"]) {
      Deno.writeTextFileSync(`${rig.dir}/${name}`, programText(name));
    }
    const server = await rig.start(["--name", "main", "--private"], ["node", `${rig.dir}/server.cjs`]);
    const certificate = await makeCertificate(rig.dir, ["localhost", HOST]);
    for (const [more, words] of [[{}, []], [{ certificate }, [certificate.cert]]] as const) {
      const before = server.output().match(/cancelled/g)?.length ?? 0;
      const front = await rig.expose("", more);
      const { stdout, stderr } = await run(["node", `${rig.dir}/client.cjs`, `${rig.port}`, HOST, ...words]);
      assertStrictEquals(stdout, SEEN(`${HOST}:${rig.port}`), stderr);
      await until("the server hears of the end", () => (server.output().match(/cancelled/g)?.length ?? 0) > before);
      assertMatch(front.output(), /^(?!.*unsock:)/s);
    }
  },
  need("node", "npm", "openssl"),
);
