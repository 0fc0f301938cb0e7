/** How many descriptors a process may have. */
import { readText } from "./files.ts";

const FEW_DESCRIPTORS = 1024;

/** Returns a column of this process's limit: 1 is the soft one, 2 the hard one. */
function limitOf(column: 1 | 2): number {
  const text = readText("/proc/self/limits") ?? ""; // empty without /proc
  const value = /^Max open files +(\d+) +(\d+)/m.exec(text)?.[column];
  return Number(value ?? FEW_DESCRIPTORS);
}

/** @returns How many descriptors this process may have. */
export const descriptorLimit = (): number => limitOf(1);

/** @returns How many descriptors this process, or a program that it starts, could have at most. */
export const hardDescriptorLimit = (): number => limitOf(2);
