/** Measures the throughput of a tunnel of wireguard-go and of QUIC connections, over UDP and under unsock. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { run } from "../../tests/support/process.ts";
import { findProgram } from "../../tests/support/programs.ts";
import { orderOf, output, ROOT } from "./rig.ts";
import { spread } from "./stats.ts";
import { UDP_PROGRAMS, WINDOW_BYTES } from "./udp_programs.ts";
import { lastLine, runStep, SECONDS, type UdpStage, type Way, WAYS } from "./udp_stage.ts";

const ROUNDS = 5;
/** The flow control window in KB, so large that it is never full. */
const WINDOW = 16_384;
const QUIC_GO = path.join(ROOT, "build", "quic-go");
const QUIC_GO_MEGABYTES = 100;
const GOPATH = "/usr/share/gocode";

/** The throughput of one program: the median in Mbit/s, by the name of the way. */
export interface Speed {
  readonly title: string;
  /** The date and the other load, if a measurement with `--speed` ran beside other work. */
  readonly note?: string;
  readonly megabits: Readonly<Record<string, number>>;
}

async function measureQuic(stage: UdpStage, way: Way): Promise<number> {
  const program = UDP_PROGRAMS.find(({ name }) => name === "quic-ngtcp2");
  if (program === undefined) throw new Error("quic-ngtcp2 is no program any more");
  const { milliseconds, reason } = await runStep(stage, way, program, WINDOW);
  if (reason !== undefined) throw new Error(reason);
  return WINDOW_BYTES * 8 / 1000 / milliseconds;
}

/** Returns the words that put a program without libc under unsock; none if the way is UDP. */
function under({ sockets }: Way): string[] {
  return sockets === undefined ? [] : [path.join(ROOT, "build", "libunsock.so"), "run", "--dir", sockets, "--"];
}

async function buildQuicGo(): Promise<void> {
  const env = { CGO_ENABLED: "0", GO111MODULE: "off", GOPATH, GOCACHE: path.join(ROOT, "build", "gocache") };
  await output(["go", "build", "-o", QUIC_GO, path.join(ROOT, "bench", "quic.go")], { env, timeoutMs: 400_000 });
}

async function measureQuicGo(stage: UdpStage, way: Way): Promise<number> {
  const site = await stage.site(0);
  const args = [`127.0.0.1:${site.port}`, site.certificate, site.key, `${QUIC_GO_MEGABYTES}`];
  try {
    const { code, stdout, stderr } = await run(stage.command(way, site, [...under(way), QUIC_GO, ...args]), {
      timeoutMs: 60_000,
    });
    if (code !== 0) throw new Error(`quic-go: status ${code}: ${lastLine(stderr)}`);
    return QUIC_GO_MEGABYTES * 8 / Number(stdout);
  } finally {
    await Deno.remove(site.directory, { recursive: true });
  }
}

async function measureWireguard(stage: UdpStage, way: Way): Promise<number> {
  const site = await stage.site(0);
  const command = stage.command(way, site, [...under(way), "env", "LOG_LEVEL=error", "wireguard-go", "-f"]);
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

interface Measured {
  readonly name: string;
  readonly title: string;
  /** The programs (by name) and directories (by path) that the measurement needs. */
  readonly needs: readonly string[];
  readonly build?: () => Promise<void>;
  readonly measure: (stage: UdpStage, way: Way) => Promise<number>;
}

const MEASURED: readonly Measured[] = [
  {
    name: "wireguard-go",
    title: "wireguard-go: TCP through a tunnel",
    needs: ["wireguard-go", "wg", "iperf3"],
    measure: measureWireguard,
  },
  {
    name: "quic-ngtcp2",
    title: "QUIC: ngtcp2's client fetches 40 MB",
    needs: ["gtlsserver", "gtlsclient"],
    measure: measureQuic,
  },
  {
    name: "quic-go",
    title: `QUIC: a stream of ${QUIC_GO_MEGABYTES} MB in quic-go`,
    needs: ["go", `${GOPATH}/src/github.com/quic-go`],
    build: buildQuicGo,
    measure: measureQuicGo,
  },
];

export const SPEED_NAMES: readonly string[] = MEASURED.map(({ name }) => name);

function isThere(name: string): boolean {
  return (name.startsWith("/") ? statOrUndefined(name) : findProgram(name)) !== undefined;
}

/** Measures the installed programs, or only those in `names` if it has any. `tell` shows each measurement. */
export async function measureSpeeds(
  stage: UdpStage,
  names: readonly string[],
  tell: (text: string) => void,
): Promise<Speed[]> {
  const speeds: Speed[] = [];
  for (const { name, title, needs, build, measure } of MEASURED) {
    if ((names.length > 0 && !names.includes(name)) || !needs.every(isThere)) continue;
    await build?.();
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

/** Replaces older measurements of the same title by new ones, and appends the others. */
export function mergeSpeeds(kept: readonly Speed[], measured: readonly Speed[]): Speed[] {
  return [...new Map([...kept, ...measured].map((speed) => [speed.title, speed])).values()];
}

/** @returns The table, in Markdown; no lines without measurements. */
export function formatSpeeds(speeds: readonly Speed[]): string[] {
  if (speeds.length === 0) return [];
  const rows = speeds.map(({ title, note, megabits }) =>
    `| ${
      [
        note === undefined ? title : `${title} (${note})`,
        ...WAYS.map((way) => (megabits[way] ?? 0).toLocaleString("en-US")),
      ].join(" | ")
    } |`
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
