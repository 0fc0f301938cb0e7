/** The description of a command: operands, options, help. */
import type { Context } from "../system/context.ts";
import type { OptionTable, OptionValue, WordKind } from "../system/options.ts";

/** An operand: a word of the command line other than an option. */
export interface Operand {
  /** As help shows it: `FILE`. */
  readonly name: string;
  readonly optional?: boolean;
  /** Whether the operand may be given several times, which only a command's last operand may. */
  readonly repeated?: boolean;
  readonly choices?: readonly string[];
  readonly kind?: WordKind;
}

/** One call of a command. */
export interface Invocation<V = Readonly<Record<string, OptionValue>>> {
  readonly options: V;
  readonly operands: readonly string[];
  readonly context: Context;
}

export interface Command {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly options: OptionTable;
  readonly operands: readonly Operand[];
  /** Whether the operands are another program's command line, so that options end at the first operand. */
  readonly isWrapper?: boolean;
  /** The end of the command's help: examples, exit statuses. */
  readonly notes?: string;
  /** @returns The exit status. */
  start(invocation: Invocation): Promise<number>;
}

/** The program as a whole. */
export const PROGRAM = {
  name: "unsock",
  summary: "move the TCP and UDP traffic of unmodified programs to Unix sockets",
  usage: "COMMAND [options]",
  options: { version: { help: "print the version" } },
  notes: `Run a server and a client. Their TCP connection to 127.0.0.1 becomes a Unix socket:
  unsock run -- python3 -m http.server 8000
  unsock run -- curl http://127.0.0.1:8000/

"unsock COMMAND --help" describes a command. Exit status: 2 for a wrong command line, 69 where unsock cannot work, as on macOS,
1 for other failures; "run" has its own.`,
} as const;

/** @returns The usage after the command's name: `[options] FILE`. */
export function usageOf({ operands, isWrapper }: Command): string {
  const words = operands.map(({ name, optional, repeated }) => {
    const word = repeated ? `${name}...` : name;
    return optional ? `[${word}]` : word;
  });
  return ["[options]", ...(isWrapper ? ["[--]", ...words, "[ARG...]"] : words)].join(" ");
}
