/** What CBMC proves of pure functions: for all that they can be given, not for examples. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** Many times what it takes alone. */
const TIMEOUT_MS = 300_000;

interface Proof {
  /** What is proved. */
  readonly name: string;
  /** The file beside this one that has `main`, without ".c". */
  readonly file: string;
  /** Files of `c/` that it is about. */
  readonly sources: readonly string[];
  /** More turns than any loop takes: CBMC proves that, too. */
  readonly turns: number;
  /** A definition that makes the claim wrong. */
  readonly wrong: string;
}

const PROOFS: readonly Proof[] = [{
  name: "the trap door's filter does what its table says, for every number of a call, machine and argument",
  file: "filter",
  sources: ["trap/filter.c", "trap/trapped.c"],
  turns: 513,
  wrong: "-DOTHER_ABI=0x40000001u",
}];

function prove({ file, sources, turns }: Proof, options: readonly string[]): Promise<RunResult> {
  const files = [`tests/proofs/${file}.c`, ...sources.map((source) => `c/${source}`)];
  const bounds = ["--unwind", `${turns}`, "--unwinding-assertions", "--slice-formula", "--bounds-check"];
  return run(["cbmc", ...bounds, "-Ic", ...options, ...files], { cwd: ROOT, timeoutMs: TIMEOUT_MS });
}

for (const proof of PROOFS) {
  Deno.test(`proof: ${proof.name}`, { ignore: !need("cbmc") || Deno.build.arch !== "x86_64" }, async () => {
    const { code, stdout, stderr } = await prove(proof, []);
    assertEquals([code, stderr], [0, ""], stdout);
    assertMatch(stdout, /^VERIFICATION SUCCESSFUL$/m);
    const refuted = await prove(proof, [proof.wrong]);
    assertStrictEquals(refuted.code, 10, refuted.stdout);
    assertMatch(refuted.stdout, /^VERIFICATION FAILED$/m);
  });
}
