/** Draws the chart: the speed of each variant, relative to loopback. */
import {
  type Comparison,
  formatNumber,
  LOOPBACK,
  NATIVE,
  type Report,
  type Result,
  UNSOCK,
  variantName,
} from "./report.ts";

const WIDTH = 820;
const LABELS = 290;
const BAR = 14;
const GAP = 4;
const LEGEND = 135;
const GROUP_GAP = 16;
const TOP = 64;
const BARS = WIDTH - LABELS - 150;
const STEPS = [0.25, 0.5, 1, 2, 5, 10, 20];

/** The styles for a light and a dark theme. The reader's system chooses one. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .quiet { fill: #57606a; font-size: 12px }
  .title { font-size: 16px; font-weight: 600 }
  .grid { stroke: #d0d7de }
  .one { stroke: #57606a }
  .spread { stroke: #24292f; stroke-width: 1.5 }
  .tcp { fill: #9aa4af } .unix { fill: #6cb6e8 } .unsock { fill: #1f883d } .other { fill: #d4a72c }
  .other2 { fill: #bc4c00 } .other3 { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
    .spread { stroke: #e6edf3 }
    .tcp { fill: #656c76 } .unix { fill: #388bfd } .unsock { fill: #3fb950 } .other { fill: #d29922 }
    .other2 { fill: #db6d28 } .other3 { fill: #a371f7 }
  }`;

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes && ` ${attributes}`}>${escape(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  const points = `x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"`;
  return `<line class="${name}" ${points}/>`;
}

const KNOWN = [NATIVE, LOOPBACK, UNSOCK];
const OTHER_STYLES = ["other", "other2", "other3"];

/** Returns the CSS class of a variant. Libraries to compare with take the other colours in the order of the legend. */
function styleOf(variant: string, variants: readonly string[]): string {
  if (KNOWN.includes(variant)) return variant;
  const others = variants.filter((name) => !KNOWN.includes(name));
  return OTHER_STYLES[others.indexOf(variant) % OTHER_STYLES.length] ?? "other";
}

function medianOf(result: Result): number {
  return result.variant === LOOPBACK ? 1 : result.toLoopback?.median ?? 0;
}

/** Returns a round number as the distance between grid lines: the chart has at most six such distances. */
function stepFor(most: number): number {
  return STEPS.find((step) => most / step <= 6) ?? 50;
}

function drawBar(result: Result, unit: string, style: string, y: number, scale: number): string[] {
  const width = medianOf(result) * scale;
  const bar = `<rect class="${style}" x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`;
  const middle = y + BAR / 2;
  const { low, high } = result.toLoopback ?? { low: 1, high: 1 };
  const spread = line(LABELS + low * scale, middle, LABELS + high * scale, middle, "spread");
  const label = `${formatNumber(result.speed.median)} ${unit}`;
  const end = LABELS + Math.max(width, high * scale) + 6;
  return [bar, ...(result.toLoopback ? [spread] : []), text(end, y + BAR - 3, label, 'class="quiet"')];
}

function drawGroup(
  { title, unit, results }: Comparison,
  variants: readonly string[],
  top: number,
  scale: number,
): string[] {
  const middle = top + heightOf(results) / 2;
  const label = text(LABELS - 12, middle + 4, title, 'text-anchor="end"');
  const bars = results.map((result, i) => {
    return drawBar(result, unit, styleOf(result.variant, variants), top + i * (BAR + GAP), scale);
  });
  return [label, ...bars.flat()];
}

function heightOf(results: readonly Result[]): number {
  return results.length * (BAR + GAP) - GAP;
}

function drawGrid(most: number, bottom: number, scale: number): string[] {
  const step = stepFor(most);
  const parts: string[] = [];
  for (let value = 0; value <= most; value += step) {
    const x = LABELS + value * scale;
    parts.push(line(x, TOP - 8, x, bottom, value === 1 ? "one" : "grid"));
    parts.push(text(x, bottom + 16, `${Number(value.toFixed(2))}×`, 'class="quiet" text-anchor="middle"'));
  }
  return parts;
}

function drawLegend(variants: readonly string[]): string[] {
  const places = (WIDTH - LABELS) / LEGEND;
  // The legend begins above the bars if all variants fit there. Otherwise it takes the whole width.
  const first = variants.length <= places ? LABELS : 12;
  const step = variants.length <= places ? LEGEND : (WIDTH - first) / variants.length;
  return variants.flatMap((variant, index) => {
    const x = first + index * step;
    return [
      `<rect class="${styleOf(variant, variants)}" x="${x}" y="34" width="12" height="12" rx="2"/>`,
      text(x + 18, 44, variantName(variant)),
    ];
  });
}

/** Draws the report's comparisons that have a result over loopback, as SVG. The reader's theme chooses the colours. */
export function drawChart(report: Report): string {
  const groups = report.comparisons.filter(({ results }) => results.some(({ variant }) => variant === LOOPBACK));
  const results = groups.flatMap((group) => group.results);
  const variants = [...new Set(results.map(({ variant }) => variant))];
  const most = Math.max(1, ...results.map((result) => Math.max(medianOf(result), result.toLoopback?.high ?? 1)));
  const scale = BARS / most;
  const bars: string[] = [];
  let y = TOP;
  for (const group of groups) {
    bars.push(...drawGroup(group, variants, y, scale));
    y += heightOf(group.results) + GROUP_GAP;
  }
  const height = y + 28;
  const parts = [
    `<title>Speed in relation to TCP or UDP over loopback</title>`,
    `<style>${STYLE}\n</style>`,
    text(12, 22, "Speed, loopback TCP or UDP = 1", 'class="title"'),
    ...drawLegend(variants),
    ...drawGrid(most, y - GROUP_GAP + 8, scale),
    ...bars,
  ];
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">\n${parts.join("\n")}\n</svg>\n`;
}
