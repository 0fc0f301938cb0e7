/** Reads numbers strictly: only decimal digits, in a range. */

export const LAST_PORT = 65535;

/** @returns The number, or undefined unless `text` is only decimal digits, and their number is from `min` to `max`. */
export function parseDecimal(text: string, min: number, max: number): number | undefined {
  if (!/^0*\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}
