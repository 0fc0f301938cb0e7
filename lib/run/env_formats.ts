/** How `unsock env` writes variables down. Pure. */
import { shellQuote } from "../system/shell.ts";

/** For whom. */
export const ENV_FORMATS = ["shell", "systemd", "docker"] as const;

/** One of {@linkcode ENV_FORMATS}. */
export type EnvFormat = typeof ENV_FORMATS[number];

const WRITERS: Readonly<Record<EnvFormat, (name: string, value: string) => string>> = {
  shell: (name, value) => `export ${name}=${shellQuote(value)}`,
  // systemd.exec(5): in quotes, with C's escapes and specifiers (systemd.unit(5)).
  systemd: (name, value) => `Environment="${name}=${value.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`,
  // Everything behind the first "=", as it is.
  docker: (name, value) => `${name}=${value}`,
};

/** @returns One line. */
export function writeVariable(format: EnvFormat, name: string, value: string): string {
  return WRITERS[format](name, value);
}
