/** The kernels of Debian that the library is tested on. */

export type Machine = "x86_64" | "aarch64";

export interface Series {
  /** As it is asked for. */
  readonly name: string;
  readonly machine: Machine;
  /** Debian's releases to look in; the newest kernel in them is taken. */
  readonly suites: readonly string[];
}

export const SERIES: readonly Series[] = [
  { name: "5.10", machine: "x86_64", suites: ["bullseye"] },
  { name: "6.1", machine: "x86_64", suites: ["bookworm"] },
  { name: "6.12", machine: "x86_64", suites: ["trixie"] },
  { name: "newest", machine: "x86_64", suites: ["sid", "experimental"] },
  { name: "arm64", machine: "aarch64", suites: ["trixie"] },
];

/** Debian's names of the machines. */
export const ARCHITECTURES: Readonly<Record<Machine, string>> = { x86_64: "amd64", aarch64: "arm64" };
