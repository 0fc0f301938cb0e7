/** The page `docs/scale.md`: costs that grow, costs that do not, and why. */

const INTRODUCTION = `# How it grows

\`deno task scale\` measures this and writes this page. A unit of work is done beside few and beside very many existing
things, over TCP or UDP loopback and under unsock in turn. Both ends run on one processor, socket files are in memory, and a
number is the median of seven rounds. The last table is the kernel's part alone. Your machine's numbers will differ; the rows that
stay flat, and those that do not, should be the same.
`;

/** Measured once, by hand: the last rows take all processors for minutes. */
const DATAGRAMS = `## A hundred UDP clients and one server

Datagrams lost where 100 clients and one server send as fast as they can, over UDP and under unsock, preloaded, with queues
(\`net.unix.max_dgram_qlen\`) of 10 and 512. Two processors, which had other work, too; one run each. Trapped programs differ no more than two runs do.

| what they do | UDP | unsock, 10 | unsock, 512 |
| --- | ---: | ---: | ---: |
| 200 from each client, blocking, connected | 80 % | 0 | 0 |
| the same with \`sendto\` | 96 % | 0 | 0 |
| non-blocking, waiting in \`poll\` after \`EAGAIN\` | 96 % | 0 | 0 |
| non-blocking, not waiting: not sent (\`EAGAIN\`), or lost | 88 % lost | 99 % not sent | 94 % not sent |
| one a millisecond from each, while the server stands still for 500 ms | 49 % | 0.5 % | 0.5 % |
| the server sends 200 to each in turn, one of them stopped: the others lose | 0 | 0 | 0 |
| the server sends bursts of 20 to each in turn | 0 | 15 % | 0 |
| 50 questions from each, one at a time | 0 | 0 | 0 |
| the same beside 24 busy loops | | 0 | 0 |
| the same, and 200 µs of work for each, beside 24 busy loops: lost on the way | 11 % | 0 | 0 |

In the last row the server gets a small part of two processors. With a queue of ten a client waits in \`send\` for up to 8 s, and every question was answered.
Over UDP, and with a queue of 512, most answers came after the second for which a client waits.
`;

const MEANING = `## What it means

- unsock itself accesses one port's files, by name, and never the rest of the directory. A second address
  on a port is read from the port's record.
- The kernel finds a name by its hash, in a directory of 100,000 as in one of 100: binding and removing cost the same.
- One cost grows with all sockets: the kernel's table of sockets that are bound to files. The whole machine has one, with 256 chains,
  chosen by the file's inode number (\`bsd_socket_buckets\` in net/unix/af_unix.c). With 100,000 sockets a connect walks through some 400 of
  them, natively too; more directories or network namespaces do not change that. Up to some thousand sockets on a machine the cost cannot be measured.
- From 10,000 sockets or stale files on the rows of unsock rise, to 1.2 to 1.7 times with 20,000 to 30,000 and twice beside 19,400 stale
  files, where native ones do not. unsock checks by a connect whether a file is stale, and these connects walk that table: that is a part of it. The rest
  is not explained yet.
- Making and removing a name takes the directory's own lock in the kernel: processes that bind at the same moment wait for each other, as the
  rows with two processes show. 256 directories by port would remove only that cost; a directory for each service does the same
  (\`UNSOCK_DIR\`). So ports are not spread over subdirectories, and the path \`DIR/PORT.sock\` of nginx, control files and unsock 1.1 stays valid.
- A million sockets (on paper): file, name and socket take about 3 KiB of the kernel's memory each (shmem_inode_cache, dentry, sock_inode_cache, UNIX and
  filp in /proc/slabinfo), 3 GB in all. One address has 65,535 ports, so they need sixteen addresses, or several directories.
  The table's chains would be 4,000 long: some 400 µs for each connect. That is the limit, before
  any of unsock's own; beyond it use virtual machines, each with its own kernel.
`;

/** @param tables In Markdown. @returns The page. */
export function writeScalePage(tables: readonly string[]): string {
  return `${INTRODUCTION}\n${tables.join("\n\n")}\n\n${DATAGRAMS}\n${MEANING}`;
}
