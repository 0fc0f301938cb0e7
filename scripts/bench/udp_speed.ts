/** Measures how much a tunnel of wireguard-go and a QUIC connection move, over UDP and under unsock. */
import * as path from "@std/path/posix";
import { run } from "../../tests/support/process.ts";
import { findProgram } from "../../tests/support/programs.ts";
import { orderOf, ROOT } from "./rig.ts";
import { spread } from "./stats.ts";
import { UDP_PROGRAMS, WINDOW_BYTES } from "./udp_programs.ts";
import { lastLine, runStep, SECONDS, type UdpStage, type Way, WAYS } from "./udp_stage.ts";

const ROUNDS = 5;
/** KB of flow control: more than is ever under way. */
const WINDOW = 16_384;

/** What moved, in Mbit/s: the median by the name of the way. */
export interface Speed {
  readonly title: string;
  readonly megabits: Readonly<Record<string, number>>;
}

async function measureQuic(stage: UdpStage, way: Way): Promise<number> {
  const program = UDP_PROGRAMS.find(({ name }) => name === "quic-ngtcp2");
  if (program === undefined) throw new Error("quic-ngtcp2 is no program any more");
  const { milliseconds, reason } = await runStep(stage, way, program, WINDOW);
  if (reason !== undefined) throw new Error(reason);
  return WINDOW_BYTES * 8 / 1000 / milliseconds;
}

async function measureWireguard(stage: UdpStage, way: Way): Promise<number> {
  const site = await stage.site(0);
  const library = path.join(ROOT, "build", "libunsock.so");
  const by = way.sockets === undefined ? [] : [library, "run", "--dir", way.sockets, "--"];
  const command = stage.command(way, site, [...by, "env", "LOG_LEVEL=error", "wireguard-go", "-f"]);
  const script = path.join(ROOT, "scripts", "bench", "wireguard.sh");
  const words = [
    "sh",
    script,
    `${way.holder.pid}`,
    `u${Deno.pid % 1000}${path.basename(site.directory)}`,
    `${SECONDS}`,
    ...command,
  ];
  try {
    const { code, stdout, stderr } = await run(words, { timeoutMs: 60_000 });
    if (code !== 0) {
      throw new Error(`wireguard.sh: status ${code}: ${lastLine(stderr)}${/"error":.*/.exec(stdout)?.[0] ?? ""}`);
    }
    return JSON.parse(stdout).end.sum_received.bits_per_second / 1e6;
  } finally {
    await Deno.remove(site.directory, { recursive: true });
  }
}

const MEASURED = [
  { title: "wireguard-go: TCP through a tunnel", needs: ["wireguard-go", "wg", "iperf3"], measure: measureWireguard },
  { title: "QUIC: ngtcp2's client fetches 40 MB", needs: ["gtlsserver", "gtlsclient"], measure: measureQuic },
];

/**
 * Measures those that are installed.
 *
 * @param tell Is told each measurement.
 */
export async function measureSpeeds(stage: UdpStage, tell: (text: string) => void): Promise<Speed[]> {
  const speeds: Speed[] = [];
  for (const { title, needs, measure } of MEASURED) {
    if (needs.some((name) => findProgram(name) === undefined)) continue;
    const found = new Map<string, number[]>(WAYS.map((way) => [way, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of orderOf(stage.ways, round)) {
        const speed = await measure(stage, way);
        tell(`${title}, ${way.name}: ${Math.round(speed)} Mbit/s`);
        found.get(way.name)?.push(speed);
      }
    }
    speeds.push({
      title,
      megabits: Object.fromEntries([...found].map(([way, all]) => [way, Math.round(spread(all).median)])),
    });
  }
  return speeds;
}

/** @returns The table, in Markdown; no lines without measurements. */
export function formatSpeeds(speeds: readonly Speed[]): string[] {
  if (speeds.length === 0) return [];
  const rows = speeds.map(({ title, megabits }) =>
    `| ${[title, ...WAYS.map((way) => (megabits[way] ?? 0).toLocaleString("en-US"))].join(" | ")} |`
  );
  return [
    `These send many datagrams by one call (\`UDP_SEGMENT\`, \`UDP_GRO\`). In Mbit/s, the median of ${ROUNDS} runs in turn, by \`deno task scale:udp --speed\`:`,
    "",
    "| programs | UDP | unsock, 10 | unsock, 512 |",
    "| --- | ---: | ---: | ---: |",
    ...rows,
    "",
  ];
}
