/** Open MPI over TCP: processes that are all connected with each other, and end together. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const SOURCE = join(dirname(fromFileUrl(import.meta.url)), "mpi_ring.c");
const PLAIN = Deno.env.get("UNSOCK_TEST_PLAIN") === "1";

/** By TCP alone: else processes of one machine talk through shared memory. */
const BY_TCP = ["--mca", "pml", "ob1", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "lo"];

Deno.test("Open MPI's processes reach each other by TCP, and end without a failure", {
  ignore: !need("mpicc", "mpirun"),
}, async () => {
  await withRig(async (rig) => {
    const program = join(rig.files, "ring");
    const log = join(rig.files, "log");
    const compiled = await run(["mpicc", "-O2", "-o", program, SOURCE]);
    assertStrictEquals(compiled.code, 0, compiled.stderr);
    const { stdout, stderr } = await rig.client(
      ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "4", ...BY_TCP, program],
      { env: { UNSOCK_LOG: log } },
    );
    assertStrictEquals(stdout, "4 ranks, sum 80800, from rank 3\n");
    assertStrictEquals(stderr, "");
    if (!PLAIN) assertMatch(Deno.readTextFileSync(log), / ring connect \d+ 127\.0\.0\.1:\d+ \S+\/\.\d+@\S+ ok/);
  });
});
