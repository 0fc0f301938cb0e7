/** Completion scripts for shells, from the tables of commands and options. Pure. */
import { HELP_OPTION, type Option, optionFlag, optionHelp } from "../system/options.ts";
import type { Shell } from "../system/shell.ts";
import { type Command, PROGRAM } from "./command.ts";

interface Flag {
  readonly flag: string;
  readonly option: Option;
}

/** What can follow `unsock` instead of a command. */
const GLOBAL_FLAGS = flagsOf(PROGRAM.options).map(({ flag }) => flag);

function flagsOf(options: Command["options"]): Flag[] {
  return Object.entries({ ...options, help: HELP_OPTION }).map(([name, option]) => ({
    flag: optionFlag(name),
    option,
  }));
}

/** Its value is the next word. */
function takesWord({ option }: Flag): boolean {
  return option.value !== undefined && option.optional !== true;
}

/**
 * @param shell Which shell's language.
 * @param commands All commands.
 * @returns The script.
 */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
}

function bashScript(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const words = commands.map((command) => {
    const flags = flagsOf(command.options).map(({ flag }) => flag).join(" ");
    return `  ${command.name}) ${bashWords(flags)} ;;`;
  });
  return `# bash completion for unsock
_unsock() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} i
  COMPREPLY=()
  for ((i = 2; i < COMP_CWORD; i++)); do
    # Behind "--" stands a command of its own.
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      if ((i + 1 == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
      elif declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      return
    fi
  done
  if ((COMP_CWORD == 1)); then
    ${bashWords(`${names} ${GLOBAL_FLAGS.join(" ")}`)}
    return
  fi
  case $before in
${bashValues(commands).join("\n")}
  esac
  case \${COMP_WORDS[1]} in
${words.join("\n")}
  esac
  if [[ $word != -* ]]; then
    case \${COMP_WORDS[1]} in
${bashOperands(commands).join("\n")}
    esac
  fi
}
complete -o filenames -F _unsock unsock
`;
}

function bashWords(words: string): string {
  return `mapfile -t COMPREPLY < <(compgen -W "${words}" -- "$word")`;
}

function bashValues(commands: readonly Command[]): string[] {
  const all = commands.flatMap(({ options }) => flagsOf(options)).filter(takesWord);
  const files = new Set(all.filter(({ option }) => option.isFile).map(({ flag }) => flag));
  const chosen = new Map(all.map(({ flag, option }) => [flag, option.choices?.join(" ")]));
  const choices = [...chosen].filter(([, words]) => words !== undefined);
  return [
    `  ${[...files].join(" | ")}) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;`,
    ...choices.map(([flag, words]) => `  ${flag}) ${bashWords(words ?? "")} && return ;;`),
  ];
}

function bashOperands(commands: readonly Command[]): string[] {
  return commands.flatMap(({ name, operands: [operand], isWrapper }) => {
    if (operand === undefined) return [];
    if (operand.choices !== undefined) return [`    ${name}) ${bashWords(operand.choices.join(" "))} ;;`];
    if (!operand.isProgram && !operand.isFile) return [];
    const kind = operand.isProgram ? "-c" : "-f";
    const when = isWrapper ? `((COMP_CWORD == 2)) && ` : "";
    return [`    ${name}) ${when}mapfile -t COMPREPLY < <(compgen ${kind} -- "$word") ;;`];
  });
}

/** Quotes for inside zsh's `'…'`, where brackets and colons have a meaning of their own. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&");
}

function zshOption({ flag, option }: Flag): string {
  const kind = option.isFile ? "file:_files" : `value:${option.choices ? `(${option.choices.join(" ")})` : ""}`;
  const value = option.value === undefined ? "" : option.optional ? `::${kind}` : `:${kind}`;
  return `'*${flag}${option.optional ? "=-" : ""}[${zshText(optionHelp(option))}]${value}'`;
}

function zshOperands({ operands: [operand], isWrapper }: Command): string[] {
  if (isWrapper) return ["'*:::command:_normal'"];
  if (operand === undefined) return [];
  if (operand.choices !== undefined) return [`':${operand.name.toLowerCase()}:(${operand.choices.join(" ")})'`];
  if (operand.isProgram) return ["':command:_command_names -e'"];
  return operand.isFile ? ["':file:_files'"] : [];
}

function zshScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const lines = [...flagsOf(command.options).map(zshOption), ...zshOperands(command)].map((line) =>
      `        ${line}`
    );
    return `      ${command.name})\n        _arguments -S \\\n${lines.join(" \\\n")}\n        ;;`;
  });
  const names = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  return `#compdef unsock
_unsock() {
  local -a commands=(
${names.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    _values option ${GLOBAL_FLAGS.join(" ")}
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join("\n")}
  esac
}
_unsock "$@"
`;
}

function fishScript(commands: readonly Command[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = ["# fish completion for unsock", "complete -c unsock -n __fish_use_subcommand -f"];
  for (const flag of GLOBAL_FLAGS) lines.push(`complete -c unsock -n __fish_use_subcommand -l ${flag.slice(2)}`);
  for (const { name, summary, options, operands: [operand] } of commands) {
    lines.push(`complete -c unsock -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`);
    const here = `complete -c unsock -n '__fish_seen_subcommand_from ${name}'`;
    for (const { flag, option } of flagsOf(options)) {
      const kind = option.isFile ? " -r -F" : ` -x${option.choices ? ` -a '${option.choices.join(" ")}'` : ""}`;
      const value = takesWord({ flag, option }) ? kind : "";
      lines.push(`${here} -l ${flag.slice(2)}${value} -d ${quote(optionHelp(option))}`);
    }
    if (operand?.choices !== undefined) lines.push(`${here} -f -a '${operand.choices.join(" ")}'`);
    if (operand?.isProgram) lines.push(`${here} -f -a '(__fish_complete_command)'`);
  }
  return `${lines.join("\n")}\n`;
}
