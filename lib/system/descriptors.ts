/** Reads this process's limits of open descriptors. */
import { readText } from "./files.ts";

const FEW_DESCRIPTORS = 1024;

/** Returns one limit: column 1 is the soft one, column 2 the hard one. */
function limitOf(column: 1 | 2): number {
  const text = readText("/proc/self/limits") ?? ""; // empty without /proc
  const value = /^Max open files +(\d+) +(\d+)/m.exec(text)?.[column];
  return Number(value ?? FEW_DESCRIPTORS);
}

/** @returns The soft limit. */
export const descriptorLimit = (): number => limitOf(1);

/** @returns The hard limit, up to which this process may raise the soft one. */
export const hardDescriptorLimit = (): number => limitOf(2);
