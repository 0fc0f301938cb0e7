/** The output of a soak: JSON with a line for each row. */
import type { Accounts } from "./accounts.ts";

export interface Ending {
  readonly inOrder: boolean;
  readonly interrupted: boolean;
  readonly skipped: readonly string[];
}

function section(rows: readonly (readonly [string, unknown])[]): string {
  const lines = rows.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? "[]" : `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
}

/** @returns The summary, without a newline at its end. */
export function formatSummary(accounts: Accounts, { inOrder, interrupted, skipped }: Ending): string {
  const { ledger } = accounts;
  const rows = [...ledger.rows].toSorted(([a], [b]) => a < b ? -1 : 1);
  const fields = [
    ["result", JSON.stringify(interrupted ? "interrupted" : inOrder ? "in order" : "not in order")],
    ["seconds", `${Math.round(ledger.seconds)}`],
    ["requests", `${ledger.total("done")}`],
    ["lost", `${ledger.total("lost")}`],
    ["by kind", section(rows)],
    ["servers (idle, warm, at the end)", section(Object.entries(accounts.table()))],
    ["skipped", list(skipped)],
    ["findings", list(ledger.findings)],
    ["finding count", `${ledger.findingCount}`],
  ];
  return `{\n${fields.map(([name, value]) => `  ${JSON.stringify(name)}: ${value}`).join(",\n")}\n}`;
}
