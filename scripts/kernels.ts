/**
 * Runs the probes on Debian's kernels, each booted under qemu: `deno task test:kernels [SERIES…]`, by default all of
 * them. Each probe runs preloaded, trapped and static, as root and as an ordinary user; with `--quick`, once in each
 * way. `--probes=NAME,…` chooses the probes. A slow machine may take as long as it needs, but a guest that prints
 * nothing for ten minutes is ended (`--patience=MINUTES`). The last line is `N passed, N failed`.
 */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { type Case, judge, makeCases, unknownProbe } from "../tests/kernels/cases.ts";
import { makeImage } from "../tests/kernels/image.ts";
import { fetchKernel, type Kernel } from "../tests/kernels/kernel.ts";
import { machineCommand, runGuest } from "../tests/kernels/machine.ts";
import { SERIES, type Series } from "../tests/kernels/series.ts";
import { withDir } from "../tests/support/dir.ts";
import { need } from "../tests/support/programs.ts";
import { endProgress, showProgress } from "./progress.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..");
const CACHE = join(ROOT, "build", "kernels");
/** The default of `--patience`. A run may take 300 s in the guest, and four run at once. */
const PATIENCE_MINUTES = 10;

interface Options {
  readonly series: readonly Series[];
  readonly quick: boolean;
  readonly probes?: readonly string[];
  readonly patienceMs: number;
}

const VALUED = ["--probes=", "--patience="];

function parse(args: readonly string[]): Options | string {
  const names = args.filter((arg) => !arg.startsWith("-"));
  const isKnown = (arg: string) => arg === "--quick" || VALUED.some((option) => arg.startsWith(option));
  const unknown = args.find((arg) => arg.startsWith("-") && !isKnown(arg));
  if (unknown !== undefined) {
    return `unknown option "${unknown}"; there are --quick, --probes=NAME,… and --patience=MINUTES`;
  }
  const [probes, patience] = VALUED.map((option) => args.find((arg) => arg.startsWith(option))?.slice(option.length));
  const minutes = Number(patience ?? PATIENCE_MINUTES);
  if (!(minutes > 0)) return `--patience: not a number of minutes: "${patience}"`;
  const series = names.map((name) => SERIES.find((one) => one.name === name));
  const missing = names.find((_, i) => series[i] === undefined);
  if (missing !== undefined) return `no series "${missing}"; there are ${SERIES.map(({ name }) => name).join(", ")}`;
  const noProbe = unknownProbe(probes?.split(",") ?? []);
  if (noProbe !== undefined) return `no probe "${noProbe}" in the test files that tests/kernels/cases.ts imports`;
  const found = series.filter((one) => one !== undefined);
  return {
    series: found.length > 0 ? found : SERIES,
    quick: args.includes("--quick"),
    probes: probes?.split(","),
    patienceMs: minutes * 60_000,
  };
}

/**
 * Returns the cases. On arm64, leaves out the preloaded ones, which `tests/aarch64` runs in qemu's user emulation.
 * Keeps `endings_stdio`, for which the library changes libc's code.
 */
function casesOf({ machine }: Series, { quick, probes }: Options): Case[] {
  const cases = makeCases(["preload", "static", "raw"], ["root", "user"], machine, probes)
    .filter(({ door, probe }) => machine === "x86_64" || door !== "preload" || probe === "endings_stdio");
  return quick ? cases.filter(({ door, under }) => (door === "static") === (under.user === "user")) : cases;
}

async function tryOn(
  series: Series,
  fetched: Promise<Kernel>,
  options: Options,
): Promise<{ passed: number; failed: number }> {
  const cases = casesOf(series, options);
  const result = { passed: 0, failed: 0 };
  await withDir(async (dir) => {
    const kernel = await fetched;
    const image = await makeImage(series.machine, kernel.shell, cases, dir);
    const begun = performance.now();
    const log = join(CACHE, `${series.name}.log`);
    const command = machineCommand(series.machine, kernel.image, image, log);
    const { outcomes, release } = await runGuest(command, log, options.patienceMs, (ended) => {
      showProgress(`${series.name}: ${ended} of ${2 * cases.length} runs have ended`);
    }).finally(endProgress);
    for (const [i, one] of cases.entries()) {
      const wrong = judge(one, outcomes.get(2 * i), outcomes.get(2 * i + 1), release);
      if (wrong === undefined) result.passed++;
      else {
        result.failed++;
        console.error(`${series.name} (${release}): ${one.name}: ${wrong}`);
      }
    }
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(
      `${series.name}: ${release}, ${seconds} s: ${result.passed} of ${cases.length} cases are as over TCP and UDP`,
    );
  });
  return result;
}

const options = parse(Deno.args);
if (typeof options === "string") {
  console.error(`unsock: kernels: ${options}`);
  Deno.exit(2);
}
const PROGRAMS = ["apt-get", "dpkg", "timeout", "cc"];
for (const { machine } of options.series) {
  PROGRAMS.push(`qemu-system-${machine}`);
  if (machine === "aarch64") PROGRAMS.push("aarch64-linux-gnu-gcc", "aarch64-libc");
}
if (!need(...PROGRAMS)) {
  console.error(`unsock: kernels: one of these is missing: ${PROGRAMS.join(", ")}`);
  Deno.exit(2);
}
const sum = { passed: 0, failed: 0 };
// Fetches all kernels at once, so that the next ones arrive while the first one runs.
const fetching = options.series.map((series) => {
  const fetched = fetchKernel(series, CACHE);
  fetched.catch(() => {}); // the loop below awaits and reports it
  return { series, fetched };
});
for (const { series, fetched } of fetching) {
  try {
    const { passed, failed } = await tryOn(series, fetched, options);
    sum.passed += passed;
    sum.failed += failed;
  } catch (error) {
    console.error(`${series.name}: ${error instanceof Error ? error.message : error}`);
    sum.failed++;
  }
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
Deno.exit(sum.failed === 0 ? 0 : 1);
