/** Types a Tab into a pseudo terminal and checks the completions of bash, zsh and fish. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { withDir, writeProgram } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import type { Shell } from "../../lib/system/shell.ts";
import { unsock, unsockCommand } from "./unsock.ts";

const TYPIST = fromFileUrl(import.meta.resolve("./type_in_shell.py"));

/** A program with a completion of its own: `--special`. */
const PROGRAM = "unsock_test_program";

/** The line before the Tab, and after it; D is the test's directory. */
const TRIES: readonly (readonly [typed: string, then: string])[] = [
  ["unsock ru", "unsock run"],
  ["unsock make-c", "unsock make-control"],
  ["unsock vers", "unsock version"],
  ["unsock --vers", "unsock --version"],
  ["unsock help show-", "unsock help show-control"],
  ["unsock completions z", "unsock completions zsh"],

  ["unsock run --dry", "unsock run --dry-run"],
  ["unsock run --block-inet --dry", "unsock run --block-inet --dry-run"],
  ["unsock ls --wa", "unsock ls --watch"],
  ["unsock ls --dry", "unsock ls --dry"],
  ["unsock wait 8000 --gon", "unsock wait 8000 --gone"],

  ["unsock run --accept-convert v", "unsock run --accept-convert vsock"],
  ["unsock run --accept-convert=v", "unsock run --accept-convert=vsock"],
  ["unsock run --accept-convert=all --engine=tr", "unsock run --accept-convert=all --engine=trap"],
  ["unsock make-control --tipc-scope cl", "unsock make-control --tipc-scope cluster"],
  ["unsock make-control --tipc-scope=no", "unsock make-control --tipc-scope=node"],
  ["unsock make-control --vsock-cid=ho", "unsock make-control --vsock-cid=host"],
  ["unsock make-control --sockopt TIPC_GROUP_J", "unsock make-control --sockopt TIPC_GROUP_JOIN="],
  ["unsock make-control --sockopt=SO_REUSEP", "unsock make-control --sockopt=SO_REUSEPORT="],
  ["unsock run --group daem", "unsock run --group daemon"],
  ["unsock run --group=daem", "unsock run --group=daemon"],
  ["unsock unit --user daem", "unsock unit --user daemon"],

  ["unsock ls --dir D/onl", "unsock ls --dir D/only/"],
  ["unsock ls --dir=D/onl", "unsock ls --dir=D/only/"],
  ["unsock run --lib D/onl", "unsock run --lib D/only"],
  ["unsock run --log=D/one.l", "unsock run --log=D/one.log"],
  ["unsock show-control D/one.l", "unsock show-control D/one.log"],

  ["unsock path --dir D/sockets 80", "unsock path --dir D/sockets 8000"],
  ["unsock path --dir=D/sockets 5", "unsock path --dir=D/sockets 53/udp"],
  ["unsock ls --dir=D/sockets 90", "unsock ls --dir=D/sockets 9042"],
  ["unsock path --dir=D/sockets 90", "unsock path --dir=D/sockets 9042"],
  ["unsock path --dir=D/sockets 9042@", "unsock path --dir=D/sockets 9042@127.0.0.2"],
  ["unsock wait --dir D/sockets 66@", "unsock wait --dir D/sockets 66@::1"],
  ["unsock wait --dir D/sockets 67@f", "unsock wait --dir D/sockets 67@fd00::7/udp"],
  ["unsock wait --dir D/sockets 9042 66@:", "unsock wait --dir D/sockets 9042 66@::1"],
  ["unsock path --dir D/sockets 68@", "unsock path --dir D/sockets 68@"],
  ["unsock ls --dir=D/sockets 9042@", "unsock ls --dir=D/sockets 9042@"],
  ["unsock doctor --dir D/sockets 80", "unsock doctor --dir D/sockets 8000"],
  ["unsock doctor --dir D/sockets 9042@", "unsock doctor --dir D/sockets 9042@127.0.0.2"],
  ["unsock doctor unsock_test_p", `unsock doctor ${PROGRAM}`],
  ["unsock path --dir D/live 700", "unsock path --dir D/live 700"],
  ["unsock wait --dir D/live 700", "unsock wait --dir D/live 7002"],
  ["unsock expose --dir=D/live 700", "unsock expose --dir=D/live 7002"],
  ["unsock show-control --dir D/sockets 80", "unsock show-control --dir D/sockets 8000"],
  ["unsock show-control --dir D/live 700", "unsock show-control --dir D/live 700"],
  ["unsock run --dir D/sockets --port 80", "unsock run --dir D/sockets --port 8000"],
  ["unsock run --dir D/sockets --port=80", "unsock run --dir D/sockets --port=8000"],
  ["unsock run --dir D/empty --port ", "unsock run --dir D/empty --port"],
  ["unsock run --mode ", "unsock run --mode"],

  ["unsock run unsock_test_p", `unsock run ${PROGRAM}`],
  ["unsock run -- unsock_test_p", `unsock run -- ${PROGRAM}`],
  ["unsock run --block-inet unsock_test_p", `unsock run --block-inet ${PROGRAM}`],
  ["unsock run --dir D/empty unsock_test_p", `unsock run --dir D/empty ${PROGRAM}`],
  ["unsock run --dir=D/empty -- unsock_test_p", `unsock run --dir=D/empty -- ${PROGRAM}`],
  ["unsock unit --socket unsock_test_p", `unsock unit --socket ${PROGRAM}`],
  ["unsock ls unsock_test_p", "unsock ls unsock_test_p"],

  [`unsock run ${PROGRAM} --spe`, `unsock run ${PROGRAM} --special`],
  [`unsock run -- ${PROGRAM} --spe`, `unsock run -- ${PROGRAM} --special`],
  [
    `unsock run --dir D/empty --log=D/x -- ${PROGRAM} a --spe`,
    `unsock run --dir D/empty --log=D/x -- ${PROGRAM} a --special`,
  ],
  [`unsock run ${PROGRAM} --dry`, `unsock run ${PROGRAM} --dry`],
  [`unsock run -- ${PROGRAM} --dry`, `unsock run -- ${PROGRAM} --dry`],
  [`unsock run ${PROGRAM} a unsock_test_p`, `unsock run ${PROGRAM} a unsock_test_p`],
  ["unsock run --spe", "unsock run --spe"],
];

interface Session {
  readonly command: string[];
  readonly env: Record<string, string>;
}

/** How each shell is told; its own settings are left out. */
const SESSIONS: Readonly<Record<Shell, (dir: string, script: string) => Session>> = {
  bash(dir, script) {
    Deno.writeTextFileSync(
      `${dir}/bashrc`,
      `PS1='READY>'
. /usr/share/bash-completion/bash_completion
. ${script}
complete -W --special ${PROGRAM}
bind 'set completion-query-items 0'
bind 'set page-completions off'
bind 'set enable-bracketed-paste off'
show() { printf '\\n<<%s>>\\n' "$READLINE_LINE"; READLINE_LINE=; }
bind -x '"\\C-g": show'
`,
    );
    return { command: ["bash", "--noprofile", "--rcfile", `${dir}/bashrc`], env: {} };
  },
  zsh(dir, script) {
    Deno.mkdirSync(`${dir}/functions`);
    Deno.copyFileSync(script, `${dir}/functions/_unsock`);
    Deno.writeTextFileSync(
      `${dir}/.zshrc`,
      `PS1='READY>' LISTMAX=-1
unsetopt zle_bracketed_paste 2>/dev/null
fpath=(${dir}/functions $fpath)
autoload -Uz compinit
compinit -D -u
_special() { compadd -- --special; }
compdef _special ${PROGRAM}
show() { print -r -- $'\\n'"<<$BUFFER>>" >/dev/tty; BUFFER= }
zle -N show
bindkey '^G' show
`,
    );
    return { command: ["zsh", "-d", "-i"], env: { ZDOTDIR: dir } };
  },
  fish(dir, script) {
    Deno.mkdirSync(`${dir}/fish/completions`, { recursive: true });
    Deno.copyFileSync(script, `${dir}/fish/completions/unsock.fish`);
    Deno.writeTextFileSync(
      `${dir}/fish/config.fish`,
      `set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function fish_prompt
    echo 'READY>'
end
function show
    echo
    echo "<<"(commandline)">>"
    commandline -r ""
end
bind \\cg show
complete -c ${PROGRAM} -f -l special
`,
    );
    return { command: ["fish", "-i"], env: { XDG_CONFIG_HOME: dir, XDG_DATA_HOME: `${dir}/data` } };
  },
};

async function testShell(shell: Shell): Promise<void> {
  await withDir(async (dir) => {
    for (const name of ["only", "empty", "sockets", "bin", "live"]) Deno.mkdirSync(`${dir}/${name}`);
    Deno.chmodSync(`${dir}/empty`, 0o700);
    for (const name of ["one.log", "only-no-directory"]) Deno.writeTextFileSync(`${dir}/${name}`, "");
    for (const name of ["8000", "53.dgram"]) Deno.writeTextFileSync(`${dir}/sockets/${name}.sock`, "");
    const own = [["9042", "9042@127.0.0.2"], ["66", "66@--1"], ["67.dgram", "67u@fd00--7"], [
      "68",
      "68@G0000",
    ]] as const;
    for (const [port, name] of own) {
      Deno.writeTextFileSync(`${dir}/sockets/.${name}`, "");
      Deno.symlinkSync(`.${name}`, `${dir}/sockets/${port}.sock`);
    }
    await run(["python3", "-c", `import socket; socket.socket(socket.AF_UNIX).bind("${dir}/live/7001.sock")`]);
    using _server = Deno.listen({ transport: "unix", path: `${dir}/live/7002.sock` });
    writeProgram(`${dir}/bin/${PROGRAM}`, "#!/bin/sh\n");
    const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
    const start = `#!/bin/sh\nDENO_DIR=${cache} exec ${unsockCommand().join(" ")} "$@"\n`;
    writeProgram(`${dir}/bin/unsock`, start);
    const script = `${dir}/script`;
    const printed = await run([`${dir}/bin/unsock`, "completions", shell]);
    Deno.writeTextFileSync(script, printed.stdout);
    const session = SESSIONS[shell](dir, script);
    const here = (text: string) => text.replaceAll("D/", `${dir}/`);
    const { stdout, stderr } = await run(["python3", TYPIST, ...session.command], {
      stdin: TRIES.map(([typed]) => `${JSON.stringify(here(typed))}\n`).join(""),
      env: { TERM: "xterm", LC_ALL: "C.UTF-8", HOME: dir, PATH: `${dir}/bin:/usr/bin:/bin`, ...session.env },
      clearEnv: true,
      timeoutMs: 120_000,
    });
    const lines = stdout.trim().split("\n").map((line) => String(JSON.parse(line)).trimEnd());
    assertEquals(lines, TRIES.map(([, then]) => here(then)), stderr);
  });
}

Deno.test("fish's script has one line for an option that run, env and unit share", async () => {
  const { stdout } = await unsock(["completions", "fish"]);
  assertMatch(stdout, /^complete -c unsock -n '__unsock_at run env unit' -l addr /m);
  assertStrictEquals(stdout.match(/ -l addr /g)?.length, 1);
});

for (const shell of ["bash", "zsh", "fish"] as const) {
  Deno.test({
    name: `${shell} completes commands, options, their values, and the command behind run with its own completion`,
    ignore: !need("python3", shell) || (shell === "bash" && !need("bash-completion")),
    fn: () => testShell(shell),
  });
}
