/** node's tests, by node's own runner. */
import { readTap } from "./readers.ts";
import type { Part, Suite } from "./suite.ts";

const PARTS = ["net", "dgram", "http", "http2", "https", "tls", "cluster", "dns"];
const TEST_SECONDS = 60;

export const NODE: Suite = {
  name: "node",
  about: `\`test/parallel\` and \`test/sequential\`: ${PARTS.map((name) => `test-${name}-*`).join(", ")}`,
  source: "nodejs",
  programs: ["node", "python3"],
  version: ["node", "-p", "`node ${process.versions.node}`"],
  least: 1_000,
  prepare(tree) {
    return Promise.resolve(PARTS.map((name): Part => ({
      name,
      cwd: tree,
      seconds: 1_800,
      chooses: true,
      command({ scratch, only }) {
        const tests = only ?? ["parallel", "sequential"].map((group) => `${group}/test-${name}-*`);
        const how = ["-p", "tap", "-j", "1", "-t", `${TEST_SECONDS}`, `--temp-dir=${scratch}`];
        return ["python3", "tools/test.py", "--shell=/usr/bin/node", ...how, ...tests];
      },
      read: readTap,
    })));
  },
};
