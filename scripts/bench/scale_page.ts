/** The page `docs/scale.md`: costs that grow, costs that do not, and why. */

const INTRODUCTION = `# How it grows

\`deno task scale\` measures this and writes this page. A unit of work (say, bind, listen and close) is done beside few and beside very many
existing sockets, files or processes: the column *many* says how many. It is done over TCP or UDP loopback and under unsock in turn, in some tables also
natively: by a program that uses AF_UNIX itself. Client and server run on one processor, socket files are in memory, and a number is the median of seven
rounds. The last table shows the kernel's part alone. The numbers of your machine will differ. Rows that stay flat here should stay flat there.
`;

/** Measured once, by hand, since the last rows take all processors for minutes. */
const DATAGRAMS = `## A hundred UDP clients and one server

The table shows how many datagrams are lost if 100 clients and one server send as fast as they can: over UDP, and under unsock with queues
(\`net.unix.max_dgram_qlen\`) of 10 and 512. The programs were preloaded, on two processors, which had other work, too; each number is of one run.
The numbers of trapped programs differ from these no more than two runs differ from each other.

| what they do | UDP | unsock, 10 | unsock, 512 |
| --- | ---: | ---: | ---: |
| 200 from each client, blocking, connected | 80 % | 0 | 0 |
| the same with \`sendto\` | 96 % | 0 | 0 |
| non-blocking, waiting in \`poll\` after \`EAGAIN\` | 96 % | 0 | 0 |
| non-blocking, no wait after \`EAGAIN\`: not sent (\`EAGAIN\`), or lost | 88 % lost | 99 % not sent | 94 % not sent |
| one a millisecond from each, while the server does nothing for 500 ms | 49 % | 0.5 % | 0.5 % |
| the server sends 200 to each in turn, one client is stopped: lost by the others | 0 | 0 | 0 |
| the server sends bursts of 20 to each in turn (mean of ten runs) | 0 | 0.4 % | 0 |
| the same beside 24 busy loops (mean of four runs, of five at 512) | 0 | 35 % | 0 |
| 50 questions from each, one at a time | 0 | 0 | 0 |
| the same beside 24 busy loops | | 0 | 0 |
| the same, and 200 µs of work for each question, beside 24 busy loops: lost | 11 % | 0 | 0 |

In the last row the server gets a small part of two processors. With a queue of ten a client waits in \`send\` for up to 8 s, and the server answers every question.
A client waits one second for an answer: over UDP, and with a queue of 512, most answers came later than that.

Bursts: at a queue of ten the server has to wait once in each burst until the client has read. On the machine of the table such a wait took some 0.2 ms, and the server took 0.39 s
for 1,000 bursts instead of 0.20 s over UDP. Beside 24 busy loops a server that sleeps gets the processor again after some 40 ms: 1,000 waits would take 40 s, where all of it
takes 10 s over UDP. So the server's waits are limited, to 50 ms a second in vain and 400 ms for clients that read, and what exceeds the queue is lost. A queue of 512 is the
remedy. Longer waits for busy clients, and a short retry without sleep, were tried: they lost 33 to 34 % and 37 %.
`;

export const MEANING_HEADING = "## What it means";

const MEANING = `${MEANING_HEADING}

- unsock itself accesses one port's files, by name, and never the rest of the directory. A second address
  on a port is read from the port's record.
- The kernel finds a file by the hash of its name: binding and removing cost the same in a directory of 100,000 files as in one of 100.
- One cost grows with the number of all Unix sockets on the machine: a connect searches the kernel's table of sockets that are bound to files. The whole machine
  has one such table, with 256 chains; the file's inode number chooses the chain (\`bsd_socket_buckets\` in net/unix/af_unix.c). With 100,000 sockets a
  connect walks through some 400 of them, natively too. More directories or network namespaces do not change that. Up to some thousand sockets on a
  machine the cost cannot be measured.
- From 10,000 sockets or stale files on, the rows of unsock rise, and the native rows do not: to 1.2 to 1.7 times with 20,000 to 30,000 sockets, and to twice beside
  19,400 stale files. One reason is that unsock checks by a connect whether a file is stale, and these connects search the kernel's table. The rest of the rise is
  not explained yet.
- To make or remove a name takes the directory's own lock in the kernel. So processes that bind at the same moment wait for each other, as the
  rows with two processes show. If this matters to you, give each service a directory of its own (\`UNSOCK_DIR\`). unsock does not spread ports over 256
  subdirectories: that would save this cost alone, and the path \`DIR/PORT.sock\` of nginx, control files and unsock 1.1 would no longer be valid.
- A million sockets (on paper) would need 3 GB: file, name and socket take about 3 KiB of the kernel's memory for each socket (shmem_inode_cache, dentry,
  sock_inode_cache, UNIX and filp in /proc/slabinfo). One address has 65,535 ports, so a million sockets need sixteen addresses, or several directories.
  The table's chains would be 4,000 long, and each connect would take some 400 µs. The kernel sets this limit, before unsock sets any; beyond it use
  virtual machines, each with its own kernel.
`;

/** Returns the page. `programs` is the section about real programs over UDP, or an empty text. */
export function writeScalePage(tables: readonly string[], programs: string): string {
  const last = programs === "" ? MEANING : `${programs}\n${MEANING}`;
  return `${INTRODUCTION}\n${tables.join("\n\n")}\n\n${DATAGRAMS}\n${last}`;
}
