/** The page `docs/bench.md`: the numbers and their meaning. */
import { formatMarkdown, type Other, type Report } from "./report.ts";

const INTRODUCTION = `# How fast

\`deno task bench\` measures this and writes this page, its chart and [bench.json](bench.json). Your machine's numbers will
differ; their ratios should not.

![Speed in relation to TCP or UDP over loopback](bench.svg)

- The first rows are one program, \`bench/workload.c\`, that does the same work over native \`AF_UNIX\` sockets (a program
  written for them), over TCP or UDP on 127.0.0.1, and over the same addresses under unsock. Server and client are two
  processes on one processor, so that the scheduler's choice of processors does not count.
- Set-up is measured with the socket files in memory (\`/dev/shm\`), as in \`/run\`: on a disk its journal adds its own time.
  The native program removes its own files.
- The native program for datagrams binds files on both sides, as answers need them.
- The other rows are real programs with their own benchmarks. "Native" is the program's own \`AF_UNIX\` option, where it has
  one. They may use all processors. PostgreSQL's do not ask for encryption, which libpq does over TCP alone: a round trip more.
- The static program is the same \`bench/workload.c\`, and the one in Go is \`bench/http.go\`: their code is
  rewritten where it makes system calls.
- The variants take turns, round by round, and each round begins with another one. A ratio is the median of the rounds' own
  ratios, with the quartiles: half of all rounds were between them.
- The same program measures growth: how long a unit of work takes beside many existing things, and beside few, in
  turn. (Clients that do not read also send requests: the row over loopback shows what this work costs.)
- System calls are counted by \`strace -f -c\`: what N more units of work cost, both ends together. Memory is what N more
  held connections add to the private pages of both ends, for each descriptor.
- Times to start are medians over many starts in turn, and the median of their differences.
`;

/** Lists the other libraries measured in the same rounds, and their setup. */
function aboutOthers(others: readonly Other[] = []): string {
  if (others.length === 0) return "";
  const names = others.map(({ name, how }) => `${name} (\`${how}\`)`);
  return [
    `- Other libraries that redirect took their turns in the same rounds: ${
      names.join(", ")
    }. Each workload was first tried`,
    "  where there is no network, to see that it is local. What one of them cannot do is marked as failed, and why stands below the",
    "  tables. They are not measured behind nginx, as its configuration names unsock's socket file.",
    "",
  ].join("\n");
}

function aboutBefore(commit?: string): string {
  return commit === undefined
    ? ""
    : `- _before_ is the library of commit ${commit}, which took its turns in the same rounds.\n`;
}

export function writePage(report: Report): string {
  return `${INTRODUCTION}${aboutBefore(report.compare)}${aboutOthers(report.others)}\n${formatMarkdown(report)}\n`;
}
