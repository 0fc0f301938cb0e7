/** The completion script for bash. */
import type { Command } from "./command.ts";
import { type Flag, flagsOf, GLOBAL_FLAGS, GLOBAL_WORDS, takesWord } from "./completion_flags.ts";

/** Functions that do not depend on the tables. bash cuts words at "=" and ":", and _unsock_words joins them again. */
const FUNCTIONS = `_unsock_words() {
  local line=\${COMP_LINE:0:COMP_POINT} rest word i
  words=() starts=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    rest=\${line#"\${line%%[![:space:]]*}"} word=\${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || word=$rest
    if ((i == 0)) || [[ $line == [[:space:]]* ]]; then
      words+=("$word") starts+=("$i")
    else
      words[\${#words[@]}-1]+=$word
    fi
    line=\${rest#"$word"}
  done
}

# Prints the ports that unsock ls shows in the directory of --dir or --here, or the default one; UDP ports and addresses if KIND has them.
_unsock_ports() {
  local i directory= here= port kind state rest end
  for ((i = 2; i < last; i++)); do
    case \${words[i]} in
      --dir) directory=\${words[i+1]} ;;
      --dir=*) directory=\${words[i]#*=} ;;
      --here) here=--here ;;
    esac
  done
  "\${words[0]}" ls $here \${directory:+"--dir=$directory"} 2>/dev/null | while read -r port kind state rest; do
    [[ $port == [0-9]* ]] || continue
    case $kind in
      datagram) end=/udp ;;
      *) end= ;;
    esac
    case $1,$state in
      port/live,stale) continue ;;
      port/file,control | port/file,invalid) port=\${port%%@*} ;;
      port/file,*) continue ;;
    esac
    [[ -z $end || $1 != port ]] || continue
    printf '%s%s\\n' "\${port%%@*}" "$end"
    [[ $1 == port || $port != *@* ]] || printf '%s%s\\n' "$port" "$end"
  done | sort -u
}

# _unsock_offer KIND PREFIX VALUE [WORDS]: offers completions of VALUE; PREFIX is the text before it in the same word.
_unsock_offer() {
  local kind=$1 prefix=$2 value=$3 whole=$2$3 breaks head
  case $kind in
    file | directory | program | port/file | port/program) compopt -o filenames 2>/dev/null ;;&
    file) mapfile -t COMPREPLY < <(compgen -f -- "$value") ;;
    directory) mapfile -t COMPREPLY < <(compgen -d -- "$value") ;;
    program) mapfile -t COMPREPLY < <(compgen -c -- "$value"; compgen -d -- "$value") ;;
    group) mapfile -t COMPREPLY < <(compgen -g -- "$value") ;;
    user) mapfile -t COMPREPLY < <(compgen -u -- "$value") ;;
    port*) mapfile -t COMPREPLY < <(compgen -W "$(_unsock_ports "$kind")" -- "$value") ;;&
    port/file) mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$value") ;;
    port/program) mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -c -- "$value") ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$4" -- "$value") ;;
  esac
  [[ \${#COMPREPLY[@]} != 1 || \${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
  # bash replaces only the part of a word after the last character in COMP_WORDBREAKS.
  breaks=\${COMP_WORDBREAKS//[^=:@]/}
  head=\${breaks:+\${whole%"\${whole##*[$breaks]}"}}
  COMPREPLY=("\${COMPREPLY[@]/#/$prefix}")
  COMPREPLY=("\${COMPREPLY[@]#"$head"}")
}

_unsock_command() {
  local at=\${starts[$1]}
  if (($1 == last)); then
    _unsock_offer program "" "$word"
  elif declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$at"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$at"
  else
    _unsock_offer file "" "$word"
  fi
}`;

const MAIN = `_unsock() {
  local -a words starts
  local last word command i
  _unsock_words
  last=$((\${#words[@]} - 1)) command=\${words[1]}
  word=\${words[last]}
  COMPREPLY=()
  if ((last == 1)); then
    _unsock_offer words "" "$word" "$_unsock_first"
    return
  fi
  for ((i = 2; i < last; i++)); do
    case \${words[i]} in
      --)
        i=$((i + 1))
        break
        ;;
      --*=*) ;;
      -*)
        _unsock_value "$command" "\${words[i]}" || continue
        i=$((i + 1))
        ((i < last)) || { _unsock_fill "" "$word"; return; }
        ;;
      *) [[ $_unsock_wrappers != *" $command "* ]] || break ;;
    esac
  done
  if ((i == last)) && [[ \${words[i-1]} != -- && $word == -* ]]; then
    if [[ $word == --*=* ]]; then
      _unsock_value "$command" "\${word%%=*}" "=" && _unsock_fill "\${word%%=*}=" "\${word#*=}"
    else
      _unsock_offer words "" "$word" "$(_unsock_options "$command")"
    fi
  elif [[ $_unsock_wrappers == *" $command "* ]]; then
    _unsock_command "$i"
  elif _unsock_value "$command" ""; then
    _unsock_fill "" "$word"
  fi
}`;

export function bashScript(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  const first = [...names, ...Object.keys(GLOBAL_WORDS), ...GLOBAL_FLAGS].join(" ");
  const wrappers = commands.filter(({ isWrapper }) => isWrapper).map(({ name }) => name).join(" ");
  const options = commands.map(({ name, options }) =>
    `    ${name}) echo ${flagsOf(options).flatMap(written).join(" ")} ;;`
  );
  return `# bash completion for unsock
_unsock_first=${quote(first)}
_unsock_wrappers=${quote(` ${wrappers} `)}

${FUNCTIONS}

_unsock_options() {
  case $1 in
${options.join("\n")}
  esac
}

# _unsock_value COMMAND FLAG [=]: true if FLAG takes a value, which _unsock_fill offers. An empty FLAG is an operand.
_unsock_value() {
  local kind= choices=
  case "$1 $2$3" in
${[...commands.flatMap(valueCases), `    "help ") kind=words choices=${quote(names.join(" "))} ;;`].join("\n")}
    *) return 1 ;;
  esac
  _unsock_kind=$kind _unsock_choices=$choices
}

_unsock_fill() {
  _unsock_offer "$_unsock_kind" "$1" "$2" "$_unsock_choices"
}

${MAIN}
complete -F _unsock unsock
`;
}

/** Returns the flag; if its value is optional, also the flag with "=", since such a value can only follow a "=". */
function written({ flag, option }: Flag): string[] {
  return option.optional ? [flag, `${flag}=`] : [flag];
}

function quote(text: string): string {
  return `'${text}'`;
}

function valueCases({ name, options, operands: [operand], isWrapper }: Command): string[] {
  const takers = flagsOf(options).filter(({ option }) => option.value !== undefined);
  const cases = takers.map((taker) => {
    const { flag, option } = taker;
    const words = takesWord(taker) ? [`"${name} ${flag}"`, `"${name} ${flag}="`] : [`"${name} ${flag}="`];
    return `    ${words.join(" | ")}) ${assignments(option)} ;;`;
  });
  if (operand === undefined || isWrapper) return cases;
  return [...cases, `    "${name} ") ${assignments(operand)} ;;`];
}

function assignments({ kind, choices }: Pick<Flag["option"], "kind" | "choices">): string {
  return choices === undefined ? `kind=${kind ?? "none"}` : `kind=words choices=${quote(choices.join(" "))}`;
}
