/** The section of `docs/bench.md` about HTTP fronts. Does no I/O. */
import { formatNumber } from "./report.ts";
import { quantile, ratio } from "./stats.ts";

const HEADING = "## HTTP by name, in front of a Unix socket";
const NEXT = "\n## ";
const OURS = "`unsock expose --http`, ";
/** The goal of unsock's fronts: at most this many times the processor time of the plain proxy. */
const GOAL = 1.5;

/** The measurements of one front, a number for each round. */
export interface Measured {
  readonly name: string;
  readonly firstAnswerMs: number[];
  readonly megabytes: number[];
  readonly loads: Map<string, { readonly rate: number[]; readonly late: number[]; readonly processorMs: number[] }>;
}

const middle = (values: readonly number[]) => quantile(values, 0.5);

function loadRows(load: string, all: readonly Measured[], names: readonly string[]): string[] {
  const loaded = all.filter(({ loads }) => loads.has(load));
  const bases = loaded.find(({ name }) => names.includes(name))?.loads.get(load);
  return loaded.flatMap((one, index) => {
    const figures = one.loads.get(load);
    if (figures === undefined || bases === undefined) return [];
    const cpu = figures.processorMs.length === 0 ? "" : middle(figures.processorMs).toFixed(2);
    const cpuRatio = figures.processorMs.length === 0
      ? ""
      : ratio(figures.processorMs, bases.processorMs).median.toFixed(2);
    const cells = [
      index === 0 ? load : "",
      one.name,
      formatNumber(middle(figures.rate)),
      ratio(figures.rate, bases.rate).median.toFixed(2),
      cpu,
      cpuRatio,
      formatNumber(middle(figures.late)),
    ];
    return [`| ${cells.join(" | ")} |`];
  });
}

/** Returns the rows of unsock's fronts that take more than `most` times the processor time of the fronts `names`. */
function rowsAbove(most: number, loads: readonly string[], all: readonly Measured[], names: readonly string[]): string {
  const bases = all.filter(({ name }) => names.includes(name));
  const above = loads.flatMap((load) =>
    all.filter(({ name }) => name.startsWith(OURS)).flatMap(({ name, loads }) => {
      const base = bases.find(({ loads }) => loads.has(load))?.loads.get(load)?.processorMs ?? [];
      const own = loads.get(load)?.processorMs ?? [];
      const times = own.length === 0 || base.length === 0 ? 0 : ratio(own, base).median;
      return times > most ? [`"${load}" on ${name.slice(OURS.length)} (${times.toFixed(2)})`] : [];
    })
  );
  return above.join(", ");
}

/** Returns lines that say whether the goals are reached. */
function goalLines(loads: readonly string[], all: readonly Measured[], bases: readonly string[]): string[] {
  const missed = rowsAbove(GOAL, loads, all, bases);
  const portless = all.map(({ name }) => name).filter((name) => name.startsWith("portless"));
  const behind = rowsAbove(1, loads, all, portless);
  return [
    `The goal, at most ${GOAL} times the processor time of the ten lines, is ${
      missed === "" ? "reached in every row" : `missed in ${missed}`
    }.`,
    `\`unsock\` takes ${
      behind === ""
        ? "less processor time than portless in every row"
        : `more processor time than portless in ${behind}`
    }.`,
  ];
}

/**
 * Returns the section. Each load's ratios are to the first front with a name in `bases` that has results for this load.
 */
export function formatFronts(
  all: readonly Measured[],
  bases: readonly string[],
  rounds: number,
  machine: string,
): string {
  const loads = [...new Set(all.flatMap((one) => [...one.loads.keys()]))];
  const started = all.filter(({ megabytes }) => megabytes.length > 0);
  return [
    HEADING,
    "",
    `\`deno task bench:http\` puts each front before nginx at the same socket file (portless, which knows TCP ports alone: at a port), ${rounds} rounds in turn (${machine}).`,
    "`unsock` runs as `install` starts it on Deno, and from the npm package on Node.js. `ab` sends the requests; WebSockets exchange 64 bytes. Numbers are medians of the rounds.",
    `A ratio is the median of the rounds' own ratios to ${
      bases.map((base) => `"${base}"`).join(", with HTTPS to ")
    }: of the rate (more is better), and of the processor time for each request (less is better).`,
    "",
    "| | front | per second | ratio | processor ms each | ratio | 99th percentile, ms |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...loads.flatMap((load) => loadRows(load, all, bases)),
    "",
    ...goalLines(loads, all, bases),
    "`unsock expose --http` opens a connection to the server for each upload and each WebSocket; the ten lines use theirs again",
    "for all but WebSockets ([why](security.md#connections-to-servers-that-clients-share)).",
    "",
    "After all of it:",
    "",
    "| | resident memory, MB | first answer, ms after its start |",
    "| --- | --- | --- |",
    ...started.map(({ name, megabytes, firstAnswerMs }) =>
      `| ${name} | ${middle(megabytes).toFixed(0)} | ${middle(firstAnswerMs).toFixed(0)} |`
    ),
    "",
  ].join("\n");
}

/** @returns The section of a page, or undefined if the page has none. */
export function frontsOf(page: string): string | undefined {
  const at = page.indexOf(`\n${HEADING}\n`);
  if (at < 0) return undefined;
  const end = page.indexOf(NEXT, at + HEADING.length);
  return page.slice(at + 1, end < 0 ? undefined : end + 1);
}

/** @returns The page with the section in place of an earlier one, or before all other sections. */
export function withFronts(page: string, section: string): string {
  const old = frontsOf(page);
  if (old !== undefined) return page.replace(old, () => section);
  const at = page.indexOf(NEXT);
  return at < 0 ? `${page.trimEnd()}\n\n${section}` : `${page.slice(0, at + 1)}${section}\n${page.slice(at + 1)}`;
}
