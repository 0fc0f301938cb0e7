/** The completion script for zsh. */
import { optionHelp } from "../system/options.ts";
import type { Command, Operand } from "./command.ts";
import { type Flag, flagsOf, GLOBAL_FLAGS, GLOBAL_WORDS } from "./completion_flags.ts";

/** The zsh action that completes each kind of word. */
const ACTIONS: Readonly<Record<NonNullable<Operand["kind"]>, string>> = {
  file: "_files",
  directory: "_files -/",
  port: "_unsock_ports",
  "port/udp": "_unsock_ports udp",
  "port/live": "_unsock_ports live",
  "port/file": " _unsock_port_or file _files",
  "port/program": " _unsock_port_or program _command_names -e",
  group: "_groups",
  user: "_users",
  program: "_command_names -e",
};

const PORTS =
  `# Prints the ports that unsock ls shows in the directory of --dir or --here, or the default one; with an argument, UDP ports and addresses, too.
_unsock_ports() {
  local directory line port end
  local -aU ports
  directory=\${\${words[(r)--dir=*]}#--dir=}
  ((\${words[(i)--dir]} < CURRENT - 1)) && directory=\${words[\${words[(i)--dir]} + 1]}
  for line in \${(f)"$(_call_program ports $program ls \${(M)words:#--here} \${directory:+--dir=\${(q)directory}} 2>/dev/null)"}; do
    port=\${line%% *} end=
    [[ $port == [0-9]* ]] || continue
    [[ \${\${=line}[2]} != datagram ]] || end=/udp
    case \${@[-1]},\${\${=line}[3]} in
      (live,stale) continue ;;
      (file,control | file,invalid) port=\${port%%@*} ;;
      (file,*) continue ;;
    esac
    [[ -z $end || \${@[-1]} == (udp|live|file|program) ]] || continue
    ports+=(\${port%%@*}$end)
    [[ \${@[-1]} != (udp|live|program) || $port != *@* ]] || ports+=($port$end)
  done
  local expl
  _wanted ports expl port compadd -a ports
}

# _unsock_port_or KIND COMMAND...: offers ports, and the completions of COMMAND.
_unsock_port_or() {
  local kind=$1
  shift
  _alternative "ports:port:_unsock_ports $kind" "$kind:$kind:$*"
}`;

const WITHOUT_DASHES = `      # _arguments completes nothing after a leading "--".
      if ((CURRENT > 2)) && [[ $words[2] == -- ]]; then
        words[2]=()
        ((CURRENT--))
      fi
`;

export function zshScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const lines = [...flagsOf(command.options).map(optionSpec), ...operandSpecs(command)].map((line) =>
      `      ${line}`
    );
    // The options end where the wrapped command begins.
    const until = command.isWrapper ? " -A '-*'" : "";
    const before = command.isWrapper ? WITHOUT_DASHES : "";
    return `    ${command.name})\n${before}      _arguments -S${until} : \\\n${lines.join(" \\\n")}\n      ;;`;
  });
  const names = commands.map(({ name, summary }) => `    ${described(name, summary)}`);
  const others = Object.entries(GLOBAL_WORDS).map(([name, help]) => `    ${described(name, help)}`);
  return `#compdef unsock
${PORTS}

_unsock() {
  local program=$words[1] name=$words[2]
  # Not "commands": zsh keeps its own there.
  local -a names=(
${names.join("\n")}
  )
  local -a others=(
${others.join("\n")}
  )
  if ((CURRENT == 2)); then
    local expl
    if [[ $PREFIX == -* ]]; then
      _wanted options expl option compadd -- ${GLOBAL_FLAGS.join(" ")}
    else
      _describe -t commands command names -- others
    fi
    return
  fi
  shift words
  ((CURRENT--))
  case $name in
${cases.join("\n")}
    help)
      ((CURRENT == 2)) && _describe -t commands command names
      ;;
  esac
}

_unsock "$@"
`;
}

function described(name: string, text: string): string {
  return `'${name}:${quoted(text)}'`;
}

/** Quotes a text inside zsh's `'…'`, where brackets and colons have a meaning of their own. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&");
}

function action({ kind, choices }: Pick<Flag["option"], "kind" | "choices">): string {
  if (choices === undefined) return kind === undefined ? " " : ACTIONS[kind];
  return choices.some((choice) => choice.endsWith("="))
    ? `{compadd -S "" -- ${choices.join(" ")}}`
    : `(${choices.join(" ")})`;
}

function optionSpec({ flag, option }: Flag): string {
  const { value, optional, repeated, kind } = option;
  const behind = value === undefined ? "" : optional ? "=-" : "=";
  const message = quoted(kind ?? "value");
  const argument = value === undefined ? "" : `${optional ? "::" : ":"}${message}:${action(option)}`;
  return `'${repeated ? "*" : ""}${flag}${behind}[${quoted(optionHelp(option))}]${argument}'`;
}

function operandSpecs({ operands: [operand], isWrapper }: Command): string[] {
  if (isWrapper) return ["'(-)1:command:_command_names -e'", "'*::argument:_normal'"];
  if (operand === undefined) return [];
  const place = operand.repeated ? "*" : operand.optional ? ":" : "";
  return [`'${place}:${operand.name.replace(/\W.*/, "").toLowerCase()}:${action(operand)}'`];
}
