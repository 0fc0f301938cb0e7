/** Reads numbers strictly: only decimal digits, in a range. */

/** The highest port number. */
export const LAST_PORT = 65535;

/**
 * @param text The user's text.
 * @param min The smallest number allowed.
 * @param max The largest number allowed.
 * @returns The number, or undefined when `text` is anything but plain decimal digits in range.
 */
export function parseDecimal(text: string, min: number, max: number): number | undefined {
  if (!/^0*\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}
