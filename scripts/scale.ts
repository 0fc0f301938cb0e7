/**
 * Measures how the cost of a unit of work, such as a bind, grows with the number of sockets, files or processes that
 * exist meanwhile. Writes a table for each kind of work.
 *
 * Usage: `deno task scale [--json] [--quick] [--out FILE]`
 */
import * as path from "@std/path/posix";
import { parseArgs } from "node:util";
import { type Curve, measureCurves } from "./bench/curves.ts";
import { type DirectoryCost, measureDirectories } from "./bench/directories.ts";
import { formatNumber, LOOPBACK, NATIVE, UNSOCK, variantName } from "./bench/report.ts";
import { ROOT } from "./bench/rig.ts";
import { withRig } from "./bench/rig_life.ts";
import { writeScalePage } from "./bench/scale_page.ts";
import { lastUdp } from "./bench/udp_losses.ts";

export interface Scale {
  readonly curves: readonly Curve[];
  readonly directories: readonly DirectoryCost[];
}

/** Formats one curve as a Markdown table: each way's microseconds, and their ratio to those in the first row. */
export function formatCurve({ title, points }: Curve): string {
  const [first] = points;
  const ways = [NATIVE, LOOPBACK, UNSOCK].filter((way) => first?.microseconds[way] !== undefined);
  const cell = (way: string, microseconds: number | undefined) => {
    const base = first?.microseconds[way];
    if (microseconds === undefined || base === undefined) return "";
    return `${formatNumber(microseconds)} (${(microseconds / base).toFixed(2)})`;
  };
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const head = [
    row(["many", ...ways.map((way) => `${variantName(way)}, µs (times the first)`)]),
    row(["---:", ...ways.map(() => "---:")]),
  ];
  const rows = points.map(({ many, microseconds }) =>
    row([many.toLocaleString("en-US"), ...ways.map((way) => cell(way, microseconds[way]))])
  );
  return [`**${title}**`, "", ...head, ...rows].join("\n");
}

export function formatDirectories(costs: readonly DirectoryCost[]): string {
  const head = [
    "| files | directories | processes | bind and unlink, µs | connect, µs |",
    "| ---: | ---: | ---: | ---: | ---: |",
  ];
  const rows = costs.map(({ files, shards, processes, bind, connect }) =>
    `| ${files.toLocaleString("en-US")} | ${shards} | ${processes} | ${formatNumber(bind)} | ${formatNumber(connect)} |`
  );
  return [...head, ...rows].join("\n");
}

async function scale(json: boolean, quick: boolean, out: string | undefined): Promise<void> {
  const result: Scale = await withRig({ others: [], quick }, async (rig) => ({
    curves: await measureCurves(rig),
    directories: await measureDirectories(rig),
  }));
  const tables = [...result.curves.map(formatCurve), formatDirectories(result.directories)];
  console.log(json ? JSON.stringify(result, null, 2) : tables.join("\n\n"));
  if (out !== undefined) await Deno.writeTextFile(out, writeScalePage(tables, await lastUdp()));
}

if (import.meta.main) {
  try {
    const { values: { json, quick, out } } = parseArgs({
      args: [...Deno.args],
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        out: { type: "string" },
      },
    });
    await scale(json, quick, out ?? (quick ? undefined : path.join(ROOT, "docs", "scale.md")));
  } catch (error) {
    console.error(`scale: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
