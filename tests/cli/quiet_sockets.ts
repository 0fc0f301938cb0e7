/**
 * Prints what isQuiet() says of three connections, before and after a byte arrives on the second and the end on the
 * third. Both arrive within one turn of the event loop, in which the runtime reads nothing.
 * `quiet_sockets.ts DIRECTORY PROGRAM`: the text of the program in Python at the other ends.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { isQuiet } from "../../lib/expose/quiet.ts";

const [directory = "", program = ""] = process.argv.slice(2);
await once(spawn("python3", ["-c", program, directory]).stdout, "data");
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
