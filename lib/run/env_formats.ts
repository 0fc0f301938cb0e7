/** Writes the variables of `unsock env` in each format. */
import { shellQuote } from "../system/shell.ts";

/** The formats, by the program that reads them. */
export const ENV_FORMATS = ["sh", "systemd", "docker", "json"] as const;

export type EnvFormat = typeof ENV_FORMATS[number];

const WRITERS: Readonly<Record<Exclude<EnvFormat, "json">, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}=${shellQuote(value)}`,
  // systemd.exec(5): in quotes, systemd reads C's escapes and its own specifiers (systemd.unit(5)).
  systemd: (name, value) => `Environment="${name}=${value.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`,
  // Docker takes everything after the first "=" literally.
  docker: (name, value) => `${name}=${value}`,
};

/** @returns The variables as text in the format. */
export function writeVariables(format: EnvFormat, variables: readonly [string, string][]): string {
  if (format === "json") return `${JSON.stringify(Object.fromEntries(variables), null, 2)}\n`;
  return variables.map(([name, value]) => `${WRITERS[format](name, value)}\n`).join("");
}
