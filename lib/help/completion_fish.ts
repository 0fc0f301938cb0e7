/** The completion script for fish. */
import { optionHelp } from "../system/options.ts";
import type { Command, Operand } from "./command.ts";
import { type Flag, flagsOf, GLOBAL_FLAGS, GLOBAL_WORDS, takesWord } from "./completion_flags.ts";

/** The words that `complete -a` offers for each kind. fish itself completes files. */
const OFFERS: Readonly<Record<Exclude<NonNullable<Operand["kind"]>, "file">, string>> = {
  directory: "(__fish_complete_directories)",
  port: "(__unsock_ports)",
  "port/udp": "(__unsock_ports udp)",
  "port/live": "(__unsock_ports live)",
  "port/file": "(__unsock_ports file)",
  "port/program": "(__unsock_ports program; __fish_complete_command)",
  group: "(__fish_complete_groups)",
  user: "(__fish_complete_users)",
  program: "(__fish_complete_command)",
};

/** Functions that do not depend on the tables. */
const FUNCTIONS =
  `# __unsock_at COMMAND...: true if the cursor is in the own words of one of these commands, not in those of a wrapped command.
function __unsock_at
    set -l words (commandline -opc)
    test (count $words) -ge 2; and contains -- $words[2] $argv; and test (__unsock_start) -eq 0
end

# Prints the index of the first word of the wrapped command, or 0.
function __unsock_start
    set -l words (commandline -opc)
    if test (count $words) -lt 2; or not contains -- $words[2] $__unsock_wrappers
        echo 0
        return
    end
    set -l i 3
    while test $i -le (count $words)
        switch $words[$i]
            case --
                echo (math $i + 1)
                return
            case '--*=*'
            case '-*'
                contains -- "$words[2] $words[$i]" $__unsock_takers; and set i (math $i + 1)
            case '*'
                echo $i
                return
        end
        set i (math $i + 1)
    end
    # The word at the cursor is the command, unless it is an option or an option's value.
    if test $i -eq (math (count $words) + 1); and not string match -q -- '-*' (commandline -ct)
        echo $i
    else
        echo 0
    end
end

function __unsock_behind
    test (__unsock_start) -gt 0
end

# Offers the completions of the wrapped command.
function __unsock_command
    set -l start (__unsock_start)
    set -l words (commandline -opc)
    set -l line
    test $start -le (count $words); and set line (string escape -- $words[$start..-1])
    complete -C (string join ' ' -- $line (commandline -ct))
end

# Prints the ports that unsock ls shows in the directory of --dir or --here, or the default one; with an argument, UDP ports and addresses, too.
function __unsock_ports
    set -l words (commandline -opc)
    set -l directory
    for i in (seq 3 (count $words))
        switch $words[$i]
            case '--dir=*' --here
                set directory $words[$i]
            case --dir
                test $i -lt (count $words); and set directory --dir=$words[(math $i + 1)]
        end
    end
    $words[1] ls $directory 2>/dev/null | while read -l port kind state rest
        string match -q -r '^[0-9]' -- $port; or continue
        set -l end ''
        test "$kind" = datagram; and set end /udp
        test "$end" = '' -o "$argv[1]" != ''; or continue
        test "$argv[1],$state" = live,stale; and continue
        test "$argv[1]" = file; and not contains -- $state control invalid; and continue
        echo (string replace -r '@.*' '' -- $port)$end
        contains -- "$argv[1]" udp live program; and string match -q '*@*' -- $port; and echo $port$end
    end | sort -u
end`;

export function fishScript(commands: readonly Command[]): string {
  const wrappers = commands.filter(({ isWrapper }) => isWrapper).map(({ name }) => name);
  const takers = commands.flatMap(({ name, options }) =>
    flagsOf(options).filter(takesWord).map(({ flag }) => quote(`${name} ${flag}`))
  );
  const begin = "complete -c unsock -n __fish_use_subcommand";
  const lines = [
    ...GLOBAL_FLAGS.map((flag) => `${begin} -l ${flag.slice(2)}`),
    ...commands.map(({ name, summary }) => `${begin} -a ${name} -d ${quote(summary)}`),
    ...Object.entries(GLOBAL_WORDS).map(([name, help]) => `${begin} -a ${name} -d ${quote(help)}`),
    `complete -c unsock -n '__unsock_at help' -a ${quote(commands.map(({ name }) => name).join(" "))}`,
    ...completionLines(commands),
    "complete -c unsock -n __unsock_behind -a '(__unsock_command)'",
  ];
  return `# fish completion for unsock
set -g __unsock_wrappers ${wrappers.join(" ")}
set -g __unsock_takers ${takers.join(" ")}

${FUNCTIONS}

complete -c unsock -f
${lines.join("\n")}
`;
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}

/** Returns a line for each completion. Commands that have the same completion share the line. */
function completionLines(commands: readonly Command[]): string[] {
  const commandsOf = new Map<string, { readonly line: Line; readonly names: string[] }>();
  for (const { name, options, operands: [operand], isWrapper } of commands) {
    const lines = flagsOf(options).flatMap(optionLines);
    if (operand !== undefined && !isWrapper) lines.push({ words: offer(operand) });
    for (const line of lines) {
      const key = JSON.stringify(line);
      commandsOf.set(key, { line, names: [...commandsOf.get(key)?.names ?? [], name] });
    }
  }
  return Array.from(commandsOf.values(), ({ line: { words, typed }, names }) => {
    const isTyped = typed === undefined ? "" : `; and string match -q -- "${typed}=*" (commandline -ct)`;
    return `complete -c unsock -n '__unsock_at ${names.join(" ")}${isTyped}' ${words}`;
  });
}

/** The words of a line of `complete` that follow its condition. */
interface Line {
  readonly words: string;
  /** If set, the line is only for a word at the cursor that begins with this flag and "=". */
  readonly typed?: string;
}

function optionLines(taker: Flag): Line[] {
  const { flag, option } = taker;
  const words = `-l ${flag.slice(2)}`;
  const help = `-d ${quote(optionHelp(option))}`;
  if (option.value === undefined) return [{ words: `${words} ${help}` }];
  if (takesWord(taker)) return [{ words: `${words} -r ${offer(option)} ${help}` }];
  // fish has no optional values. So this option takes a value only after a typed "=".
  return [{ words: `${words} ${help}` }, { words: `${words} -r ${offer(option)}`, typed: flag }];
}

function offer({ kind, choices }: Pick<Flag["option"], "kind" | "choices">): string {
  if (choices !== undefined) return `-f -a ${quote(choices.join(" "))}`;
  if (kind === "file") return "-F";
  return kind === undefined ? "-f" : `${kind === "port/file" ? "-F" : "-f"} -a '${OFFERS[kind]}'`;
}
