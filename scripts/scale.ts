/**
 * Measures what a unit of work costs when little and when very much is there already, and prints a table for each.
 *
 * Usage: `deno task scale [--json] [--quick]`
 */
import { parseArgs } from "node:util";
import { type Curve, measureCurves } from "./bench/curves.ts";
import { formatNumber, LOOPBACK, UNSOCK } from "./bench/report.ts";
import { withRig } from "./bench/rig_life.ts";

/** One curve as a table in Markdown: microseconds, and how many times as long as with the fewest. */
export function formatCurve({ title, points }: Curve): string {
  const [first] = points;
  const cell = (way: string, microseconds: number | undefined) => {
    const base = first?.microseconds[way];
    if (microseconds === undefined || base === undefined) return "";
    return `${formatNumber(microseconds)} (${(microseconds / base).toFixed(2)})`;
  };
  const rows = points.map(({ many, microseconds }) =>
    `| ${many.toLocaleString("en-US")} | ${cell(LOOPBACK, microseconds[LOOPBACK])} | ${
      cell(UNSOCK, microseconds[UNSOCK])
    } |`
  );
  const head = ["| many | loopback, µs (times the first) | unsock, µs (times the first) |", "| ---: | ---: | ---: |"];
  return [`**${title}**`, "", ...head, ...rows].join("\n");
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      args: [...Deno.args],
      options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
    });
    const curves = await withRig({ others: [], quick: values.quick }, measureCurves);
    console.log(values.json ? JSON.stringify(curves, null, 2) : curves.map(formatCurve).join("\n\n"));
  } catch (error) {
    console.error(`scale: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
