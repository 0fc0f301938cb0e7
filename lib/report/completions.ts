/** Completion scripts for shells, made from the commands and options themselves. Pure. */
import type { Command, Option } from "commander";

/** Shells that `completionScript` knows. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

interface CompletedOption {
  readonly flag: string;
  readonly description: string;
  /** Takes a file or directory. */
  readonly takesFile: boolean;
  readonly takesValue: boolean;
}

interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
}

const FILE_OPTIONS = new Set(["--dir", "--lib", "--log", "--fc-sock", "--fc-listen", "--unix", "--prefix"]);

function completedOption(option: Option): CompletedOption {
  const flag = option.long ?? option.short ?? "";
  return { flag, description: option.description, takesFile: FILE_OPTIONS.has(flag), takesValue: option.required };
}

function completedCommands(program: Command): CompletedCommand[] {
  const help: CompletedOption = { flag: "--help", description: "print this help", takesFile: false, takesValue: false };
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...command.options.map(completedOption), help],
  }));
}

/**
 * @param shell Which shell's language.
 * @param program The command line.
 * @returns The script.
 */
export function completionScript(shell: Shell, program: Command): string {
  const commands = completedCommands(program);
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const flags = ({ options }: CompletedCommand) => options.map(({ flag }) => flag).join(" ");
  const files = [...FILE_OPTIONS].join("|");
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
    mapfile -t COMPREPLY < <(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$word")
    return
  fi
  case $before in
  ${files})
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
    ;;
  esac
  case \${COMP_WORDS[1]} in
${
    commands.map((command) =>
      `  ${command.name}) mapfile -t COMPREPLY < <(compgen -W "${flags(command)}" -- "$word") ;;`
    )
      .join("\n")
  }
  esac
  if [[ $word != -* ]]; then
    case \${COMP_WORDS[1]} in
    doctor) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
    completions) mapfile -t COMPREPLY < <(compgen -W "${SHELLS.join(" ")}" -- "$word") ;;
    make-control | show-control) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
  fi
}
complete -o filenames -F _unsock unsock
`;
}

/** Quotes for inside zsh's `'…'`, where brackets and colons have a meaning of their own. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&");
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const option = ({ flag, description, takesFile, takesValue }: CompletedOption) => {
    const value = takesFile ? ":file:_files" : takesValue ? ":value:" : "";
    return `        '*${flag}[${zshText(description)}]${value}'`;
  };
  const rest: Readonly<Record<string, string>> = {
    run: "'*:::command:_normal'",
    doctor: "':command:_command_names -e'",
    completions: `':shell:(${SHELLS.join(" ")})'`,
    "make-control": "':file:_files'",
    "show-control": "':file:_files'",
  };
  const cases = commands.map((command) => {
    const lines = [...command.options.map(option), ...(rest[command.name] ? [`        ${rest[command.name]}`] : [])];
    return `      ${command.name})\n        _arguments -S \\\n${lines.join(" \\\n")}\n        ;;`;
  });
  const names = commands.map(({ name, description }) => `    '${name}:${zshText(description)}'`);
  return `#compdef unsock
_unsock() {
  local -a commands=(
${names.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    _values option --help --version
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

function fishScript(commands: readonly CompletedCommand[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = ["# fish completion for unsock", "complete -c unsock -n __fish_use_subcommand -f"];
  for (const flag of ["help", "version"]) lines.push(`complete -c unsock -n __fish_use_subcommand -l ${flag}`);
  for (const { name, description, options } of commands) {
    lines.push(`complete -c unsock -n __fish_use_subcommand -a ${name} -d ${quote(description)}`);
    const here = `complete -c unsock -n '__fish_seen_subcommand_from ${name}'`;
    for (const { flag, description, takesFile, takesValue } of options) {
      const value = takesFile ? " -r -F" : takesValue ? " -x" : "";
      lines.push(`${here} -l ${flag.replace(/^--/, "")}${value} -d ${quote(description)}`);
    }
  }
  lines.push(`complete -c unsock -n '__fish_seen_subcommand_from completions' -f -a '${SHELLS.join(" ")}'`);
  lines.push(`complete -c unsock -n '__fish_seen_subcommand_from run doctor' -f -a '(__fish_complete_command)'`);
  return `${lines.join("\n")}\n`;
}
