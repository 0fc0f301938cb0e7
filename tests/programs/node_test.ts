/** Node.js: listens on [::] unless told otherwise, resolves localhost to both families, and passes listeners around. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

const ignore = !need("node");

const SERVER = `
const http = require("node:http");
http.createServer((request, response) => {
  const { remoteAddress, remotePort, localPort } = request.socket;
  request.on("data", () => {});
  request.on("end", () => response.end([process.pid, remoteAddress, remotePort, localPort].join(" ")));
}).listen(...JSON.parse(process.argv[2]));
`;

const CLIENT = `
const http = require("node:http");
const [, , url, count] = process.argv;
function once() {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST", agent: false }, (response) => {
      const local = response.socket.localPort;
      let text = "";
      response.on("data", (chunk) => text += chunk).on("end", () => {
        const [pid, address, remote, port] = text.split(" ");
        if (Number(remote) !== local) reject(new Error("server sees port " + remote + ", client has " + local));
        resolve([pid, address, port].join(" "));
      });
    });
    request.on("error", reject).end("x".repeat(100000));
  });
}
(async () => {
  const answers = await Promise.all(Array.from({ length: Number(count) }, once));
  for (const answer of answers) console.log(answer);
})();
`;

const CLUSTER = `
const cluster = require("node:cluster");
if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
else require("./server.js");
`;

/** Splits the client's lines into process id, address and port. */
function answers(stdout: string): string[][] {
  return stdout.trim().split("\n").map((line) => line.split(" "));
}

Deno.test("a node server on its default [::] answers node over localhost, IPv4 and IPv6", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = rig.write("server.js", SERVER);
    const client = rig.write("client.js", CLIENT);
    await rig.server(["node", server, "[17181]"], { tcp: [17181], cli: true });
    const expected: [string, RegExp][] = [
      ["localhost", /^(::1|::ffff:127\.0\.0\.1)$/],
      ["127.0.0.1", /^::ffff:127\.0\.0\.1$/],
      ["[::1]", /^::1$/],
    ];
    for (const [host, address] of expected) {
      const { stdout } = await rig.client(["node", client, `http://${host}:17181/`, "20"]);
      const lines = answers(stdout);
      assertStrictEquals(lines.length, 20);
      for (const [, seen, port] of lines) {
        assertMatch(seen ?? "", address);
        assertStrictEquals(port, "17181");
      }
    }
  });
});

Deno.test("node by command line reaches a node server on 127.0.0.1", { ignore }, async () => {
  await withRig(async (rig) => {
    const server = rig.write("server.js", SERVER);
    const client = rig.write("client.js", CLIENT);
    await rig.server(["node", server, '[17182, "127.0.0.1"]'], { tcp: [17182] });
    const { stdout } = await rig.client(["node", client, "http://127.0.0.1:17182/", "20"], { cli: true });
    assert(answers(stdout).every(([, seen, port]) => seen === "127.0.0.1" && port === "17182"), stdout);
  });
});

// Round robin: the primary accepts and passes connections on. "none": the workers share its listening socket.
for (const policy of ["rr", "none"]) {
  Deno.test(`a node cluster of two workers (${policy}) shares one port`, { ignore }, async () => {
    await withRig(async (rig) => {
      const port = policy === "rr" ? 17183 : 17184;
      rig.write("server.js", SERVER);
      const cluster = rig.write("cluster.js", CLUSTER);
      const client = rig.write("client.js", CLIENT);
      const env = { NODE_CLUSTER_SCHED_POLICY: policy };
      await rig.server(["node", cluster, `[${port}]`], { tcp: [port], env });
      const { stdout } = await rig.client(["node", client, `http://localhost:${port}/`, "40"]);
      const lines = answers(stdout);
      assertStrictEquals(lines.length, 40);
      assert(lines.every(([, , local]) => local === `${port}`), stdout);
      // Round robin promises that both work; with a shared socket whoever is awake takes the connection.
      const workers = new Set(lines.map(([pid]) => pid)).size;
      assert(policy === "rr" ? workers === 2 : workers >= 1, stdout);
    });
  });
}
