/**
 * Prints what isQuiet() says of three connections, before and after a byte arrives on the second and the end on the
 * third. Both arrive within one turn of the event loop, in which the runtime reads nothing: `quiet_sockets.ts DIRECTORY`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { isQuiet } from "../../lib/expose/quiet.ts";

const SERVER = `
import os, socket, sys
os.chdir(sys.argv[1])
os.mkfifo("go")
os.mkfifo("done")
listener = socket.socket(socket.AF_UNIX)
listener.bind("socket")
listener.listen()
print("ready", flush=True)
peers = [listener.accept()[0] for _ in range(3)]
open("go").read()
peers[1].send(b"x")
peers[2].close()
open("done", "w").write("done")
sys.stdin.read()
`;

const [directory = ""] = process.argv.slice(2);
await once(spawn("python3", ["-c", SERVER, directory]).stdout, "data");
const sockets: Socket[] = [];
for (let count = 0; count < 3; count++) {
  const socket = connect(`${directory}/socket`).resume();
  await once(socket, "connect");
  sockets.push(socket);
}
const before = sockets.map(isQuiet);
fs.writeFileSync(`${directory}/go`, "go"); // waits for its reader
fs.readFileSync(`${directory}/done`);
console.log(before.join(), sockets.map(isQuiet).join());
process.exit(0);
