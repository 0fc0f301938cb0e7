/** Counts the programs' reports by kind, and keeps the faults. */

const FINDINGS_MOST = 60;
/** The most findings that are kept if they differ only in numbers: one kind must not hide the others. */
const ALIKE_MOST = 4;

export interface Row {
  done: number;
  /** Requests that a server failed to answer rightly, although nothing had ended it. */
  lost: number;
  /** Datagrams that had to be sent again. */
  again: number;
  /** Requests to servers that were ended on purpose meanwhile. */
  apart: number;
}

interface Line extends Partial<Row> {
  readonly kind?: string;
  readonly why?: string;
}

export class Ledger {
  readonly rows = new Map<string, Row>();
  readonly findings: string[] = [];
  readonly #patterns = new Map<string, number>();
  #findingCount = 0;
  readonly #started = performance.now();

  /** @returns The number of all findings, also of those that were too many to keep. */
  get findingCount(): number {
    return this.#findingCount;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  add(text: string): void {
    const line = parse(text);
    if (line === undefined) return this.find(`a program wrote: ${text}`);
    if (line.kind === undefined) return;
    const row = this.row(line.kind);
    row.done += line.done ?? 0;
    row.lost += line.lost ?? 0;
    row.again += line.again ?? 0;
    row.apart += line.apart ?? 0;
    if (line.why !== undefined) this.find(`${line.kind}: ${line.why}`);
  }

  /** @returns The row of a kind, made if there is none. */
  row(kind: string): Row {
    const row = this.rows.get(kind) ?? { done: 0, lost: 0, again: 0, apart: 0 };
    this.rows.set(kind, row);
    return row;
  }

  find(what: string): void {
    this.#findingCount++;
    const pattern = what.replaceAll(/\d+/g, "0");
    const alike = (this.#patterns.get(pattern) ?? 0) + 1;
    this.#patterns.set(pattern, alike);
    if (alike <= ALIKE_MOST && this.findings.length < FINDINGS_MOST) {
      this.findings.push(`${this.seconds.toFixed(1)} s: ${what}`);
    }
  }

  total(column: keyof Row): number {
    return [...this.rows.values()].reduce((sum, row) => sum + row[column], 0);
  }
}

function parse(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // no JSON, such as a program's error message: add() keeps the line
  }
}
