/** The commands `ls` and `tap`, which show running servers. */
import { HERE_OPTION } from "../run/directory_rights.ts";
import { command, DIRECTORY_OPTION, JSON_OPTION } from "./declaration.ts";

export const LS = command({
  name: "ls",
  summary: "list the ports: state, owner, processes and clients; with --all of every loopback",
  operands: [{ name: "PORT", optional: true, kind: "port" }],
  options: {
    dir: DIRECTORY_OPTION,
    here: HERE_OPTION,
    all: { help: "list all loopbacks of the user, as root those of all users" },
    url: { value: "name", help: "print the URL of the loopback NAME alone, while expose --http runs" },
    json: JSON_OPTION,
    watch: { help: "print the list again whenever it changes, until interrupted" },
  },
  notes:
    `With a PORT, its clients are listed too: their address, the address that they connected to, the bytes that wait in each
direction, and their processes. Only root sees the processes of other users.

For a script, the URL of the loopback "feature":
  curl "$(unsock ls --url feature)"`,
  start: async ({ options, operands, context }) => await (await import("./ls.ts")).ls(options, operands[0], context),
});

export const TAP = command({
  name: "tap",
  summary: "show what passes through a port, as text or for Wireshark, while it runs",
  operands: [{ name: "PORT[@ADDR][/udp]", kind: "port/live" }],
  options: {
    dir: DIRECTORY_OPTION,
    here: HERE_OPTION,
    pcap: {
      value: "file",
      kind: "file",
      help: "write pcapng with TCP and UDP headers, for Wireshark and tshark; - is standard output",
    },
  },
  notes:
    `It attaches strace(1) to the server's processes: nothing is installed in them, connections that are open are shown from then on,
and Ctrl-C lets them go. Meanwhile the server is slower. What a server sends by sendfile or splice is counted, but not shown; what it does by
io_uring is not seen.

  unsock tap 8000
  unsock tap 5432 --pcap queries.pcapng
  unsock tap 8000 --pcap - | wireshark -k -i -`,
  start: async ({ options, operands: [port = ""], context }) =>
    await (await import("./tap.ts")).tap(options, port, context),
});
