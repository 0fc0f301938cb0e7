/** Declares a command, and the options that several commands share. */
import type { Command, Invocation } from "../help/command.ts";
import type { Option, OptionTable, OptionValues } from "../system/options.ts";

interface Declaration<T extends OptionTable> extends Omit<Command, "options" | "operands" | "start"> {
  readonly options: T;
  readonly operands?: Command["operands"];
  start(invocation: Invocation<OptionValues<T>>): Promise<number>;
}

/** @returns The command. Its `start` gets option values with the types of the option table. */
export function command<const T extends OptionTable>(declaration: Declaration<T>): Command {
  // The parser has read the values by this table, so they have its types.
  const start: Command["start"] = ({ options, ...rest }) =>
    declaration.start({ ...rest, options: options as OptionValues<T> });
  return { operands: [], ...declaration, start };
}

export const JSON_OPTION = { help: "print JSON" };
export const DIRECTORY_OPTION = {
  value: "directory",
  kind: "directory",
  help: "directory of the socket files",
  default: "as for run",
} as const satisfies Option;
