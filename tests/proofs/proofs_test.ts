/** Proofs of pure functions by CBMC: for all arguments, not for examples. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { writeTables } from "../../scripts/build.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..", "..");

/** For a proof that hangs: on a busy machine one has taken five minutes. */
const TIMEOUT_MS = 1_800_000;

interface Proof {
  /** The claim. */
  readonly name: string;
  /** The file beside this one that has `main`, without ".c". */
  readonly file: string;
  /** Files of `c/` that it is about. */
  readonly sources: readonly string[];
  /** More turns than any loop takes: CBMC proves that, too. */
  readonly turns: number;
  /** A definition that makes the claim wrong. */
  readonly wrong: string;
  /** More of CBMC's options. */
  readonly options?: readonly string[];
  /** Of checks: those of pointers, unless told. */
  readonly checks?: readonly string[];
}

/** Numbers of at most three digits; and memory functions that CBMC can read. */
const PORT = [
  "--unwindset",
  "unsock_text_number.0:4,unsock_text_number.1:2,unsock_text_number.2:4",
  "-Itests/proofs/instead",
];

/** Memory is used within its bounds, and no loop takes more turns than are looked at. */
const MEMORY = ["--unwinding-assertions", "--bounds-check"];

/** The claim alone: what refutes it is one of its own assertions. */
const CLAIM = ["--no-standard-checks", "--no-unwinding-assertions", "--stop-on-fail"];

const PROOFS: readonly Proof[] = [{
  name: "the trap's filter decides by the list of calls for every call number, machine and argument",
  file: "filter",
  sources: [],
  turns: 513,
  wrong: "-DOTHER_ABI=0x40000001u",
  checks: ["--no-standard-checks"],
}, {
  name: "a port's record is read within bounds, whatever bytes there are, and an entry written back as it was",
  file: "port_entry",
  sources: ["rules/port_name.c", "rt/text.c"],
  turns: 20,
  wrong: "-DWRONG=1",
  options: [...PORT, "-DUNSOCK_PORT_ADDRESS_MOST=6"],
}, {
  name: "an address in five characters is read as it was written, and written as it was read",
  file: "short_address",
  sources: ["rules/ip.c", "rt/text.c"],
  turns: 66,
  wrong: "-DWRONG=1",
  options: ["-Itests/proofs/instead"],
}, {
  name: "an entry is written in the room for one",
  file: "port_text",
  sources: ["rules/port_name.c", "rules/ip.c", "rt/text.c"],
  turns: 24,
  wrong: "-DWRONG=1",
  options: PORT,
}, {
  name: "no entry is written past a record's end",
  file: "port_write",
  sources: ["rules/port_record.c", "rt/text.c"],
  turns: 5,
  wrong: "-DWRONG=1",
  options: [...PORT, "-DUNSOCK_PORT_ENTRIES=3", "-DUNSOCK_PORT_RECORD_MOST=64"],
}, {
  name: "two entries show whether TCP or UDP excludes one of the sockets",
  file: "port_conflict",
  sources: ["rules/port_name.c", "rules/ip.c", "rt/text.c"],
  turns: 5,
  wrong: "-DWRONG=1",
  options: PORT,
}, {
  name: "a bind joins a port only if no live socket excludes it, and a close leaves PORT.sock to a live one",
  file: "port_record",
  sources: ["rules/port_record.c", "rt/text.c"],
  turns: 6,
  wrong: "-DWRONG=1",
  options: [...PORT, "-DUNSOCK_PORT_ENTRIES=4", "-DUNSOCK_PORT_RECORD_MOST=4096"],
}, {
  name: "a client tries all sockets that have its address, once, and no others: the most specific address first",
  file: "port_record",
  sources: ["rules/port_record.c", "rt/text.c"],
  turns: 5,
  wrong: "-DWRONG=1",
  options: [...PORT, "-DUNSOCK_PORT_ENTRIES=4", "-DUNSOCK_PORT_RECORD_MOST=4096", "-DCLIENTS", "-DMOST=2"],
}];

function prove({ file, sources, turns, options: own = [] }: Proof, options: readonly string[]): Promise<RunResult> {
  const files = [`tests/proofs/${file}.c`, ...sources.map((source) => `c/${source}`)];
  const bounds = ["--unwind", `${turns}`, "--slice-formula", ...own];
  return run(["cbmc", ...bounds, "-Ic", ...options, ...files], { cwd: ROOT, timeoutMs: TIMEOUT_MS });
}

for (const proof of PROOFS) {
  Deno.test(`proof: ${proof.name}`, { ignore: !need("cbmc") || Deno.build.arch !== "x86_64" }, async () => {
    await writeTables();
    const checks = [...MEMORY, ...proof.checks ?? ["--pointer-check"]];
    const { code, stdout, stderr } = await prove(proof, checks);
    assertEquals([code, stderr], [0, ""], stdout);
    assertMatch(stdout, /^VERIFICATION SUCCESSFUL$/m);
    const refuted = await prove(proof, [...CLAIM, proof.wrong]);
    assertStrictEquals(refuted.code, 10, refuted.stdout);
    assertMatch(refuted.stdout, /^VERIFICATION FAILED$/m);
  });
}
