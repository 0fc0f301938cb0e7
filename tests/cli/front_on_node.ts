/**
 * The front alone, on Node.js: `node front_on_node.ts BASE EXTRA LIBRARY PORT [OPTIONS]`, where OPTIONS is JSON. The
 * command line has checked both directories.
 */
import * as fs from "node:fs";
import process from "node:process";
import { serveFront, whyNoFront } from "../../lib/expose/front.ts";

const [base = "", extra = "", library = "", port = "0", more = "{}"] = process.argv.slice(2);
const print = (text: string) => process.stdout.write(text);

/** As main.ts. */
function warn(line: string): void {
  try {
    fs.writeSync(2, `unsock: ${line}\n`);
  } catch {
    // nobody reads it
  }
}

try {
  const options = JSON.parse(more);
  await serveFront({ base, extra, library, address: "127.0.0.1", port: Number(port), ...options, print, warn });
} catch (error) {
  warn(`expose: ${whyNoFront(error, "127.0.0.1", Number(port))}`);
  process.exit(1);
}
