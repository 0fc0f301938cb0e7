/** Programs whose peer goes first: each noticed that AF_UNIX hangs up at once and refuses the first write. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { withRig } from "./rig.ts";

const HERE = dirname(fromFileUrl(import.meta.url));

/** A server that says that it is too busy, and closes. */
function busy(port: number): string[] {
  return ["socat", "-U", `TCP-LISTEN:${port},fork,reuseaddr,bind=127.0.0.1`, "SYSTEM:echo 421 too busy"];
}

Deno.test("Java NIO reads the answer of a server that has closed, and its first write is lost", {
  ignore: !need("java", "socat"),
}, async () => {
  await withRig(async (rig) => {
    await rig.server(busy(17421), { tcp: [17421] });
    const program = join(HERE, "java", "NioEnding.java");
    const { stdout } = await rig.client(
      ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", program, "17421", "5"],
    );
    assertStrictEquals(stdout, "5 answers, 5 first writes, 5 refused\n");
  });
});

const NETTY = ["transport", "transport-native-unix-common", "common", "buffer", "resolver"];

Deno.test("Netty's clients read all data of a server that has closed, and their next write is lost", {
  ignore: !need("java", "netty"),
}, async () => {
  await withRig(async (rig) => {
    const program = join(HERE, "java", "NettyEnding.java");
    const jars = NETTY.map((part) => `/usr/share/java/netty-${part}.jar`).join(":");
    const { stdout } = await rig.client(
      ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp", jars, program, "17429", "50"],
    );
    assertStrictEquals(stdout, "50 answers, 50 first writes, 0 failures\n");
  });
});

const MUCH_AT_ONCE = `
const net = require("node:net");
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let error;
  socket.on("error", (happened) => error = happened.code);
  socket.on("close", () => { console.log(error ?? "no error"); server.close(); });
  socket.on("end", () => socket.end(Buffer.alloc(100 << 20)));
  socket.resume();
});
server.listen(17464, "127.0.0.1", () => net.connect(17464, "127.0.0.1", function () { this.destroy(); }));
`;

Deno.test("a node server that sends 100 MB to a client that has closed gets an error", {
  ignore: !need("node"),
}, async () => {
  await withRig(async (rig) => {
    const { stdout } = await rig.client(["node", rig.write("much.js", MUCH_AT_ONCE)]);
    assertStrictEquals(stdout, "EPIPE\n");
  });
});

Deno.test("curl prints the answer of a server that closes at once, by telnet and FTP", {
  ignore: !need("curl", "socat"),
}, async () => {
  await withRig(async (rig) => {
    await rig.server(busy(17422), { tcp: [17422] });
    // Here the client speaks first: what the server leaves unread would be a reset.
    await rig.server(["socat", "TCP-LISTEN:17427,fork,bind=127.0.0.1", "SYSTEM:read line; echo 421 too busy"], {
      tcp: [17427],
    });
    for (const cli of [false, true]) {
      const telnet = await rig.client(["curl", "-sS", "telnet://127.0.0.1:17427"], { stdin: "QUIT\n", cli });
      assertStrictEquals(telnet.stdout, "421 too busy\n");
      const ftp = await rig.client(["curl", "-sSv", "ftp://127.0.0.1:17422/"], { cli, code: 28 });
      assertStrictEquals(ftp.stderr.includes("< 421 too busy"), true, ftp.stderr);
    }
  });
});

Deno.test("Twisted's epoll and poll reactors lose connections cleanly", { ignore: !need("twisted") }, async () => {
  await withRig(async (rig) => {
    for (const reactor of ["epoll", "poll"]) {
      const { stdout } = await rig.client(["/usr/bin/python3", join(HERE, "ending.py"), reactor, "17423"]);
      assertStrictEquals(stdout, "20 client: 421 too busy, ConnectionDone\n20 server: ConnectionDone\n");
    }
  });
});

const KEEP_ALIVE = `
const http = require("node:http");
const server = http.createServer({ keepAliveTimeout: 1 }, (request, response) => {
  request.resume();
  response.end("answer");
  // Whoever keeps the connection for later finds it closed.
  response.on("finish", () => request.socket.end());
});
server.listen(17424, "127.0.0.1");
`;

const FETCHES = `
for (let i = 0; i < 40; i++) {
  const response = await fetch("http://127.0.0.1:17424/", i % 2 ? { method: "POST", body: "x".repeat(100) } : {});
  if (await response.text() !== "answer") throw new Error("no answer");
}
console.log("40 answers");
`;

Deno.test("Deno's fetch outlives a server that closes its kept connections", { ignore: !need("node") }, async () => {
  await withRig(async (rig) => {
    await rig.server(["node", "-e", KEEP_ALIVE], { tcp: [17424] });
    const { stdout } = await rig.client([Deno.execPath(), "eval", FETCHES]);
    assertStrictEquals(stdout, "40 answers\n");
  });
});

Deno.test("socat relays an upload whole", { ignore: !need("socat") }, async () => {
  await withRig(async (rig) => {
    const upload = rig.write("upload", crypto.getRandomValues(new Uint8Array(65536)));
    const target = join(rig.files, "received");
    await rig.server(["socat", "-u", "TCP-LISTEN:17426,bind=127.0.0.1,reuseaddr", `OPEN:${target},creat`], {
      tcp: [17426],
      once: true,
    });
    await rig.server(["socat", "-t5", "TCP-LISTEN:17425,bind=127.0.0.1,reuseaddr", "TCP:127.0.0.1:17426"], {
      tcp: [17425],
      once: true,
    });
    await rig.client(["socat", "-u", `FILE:${upload}`, "TCP:127.0.0.1:17425"]);
    await until("all has arrived", () => Deno.statSync(target).size === 65536);
    assertEquals(Deno.readFileSync(target), Deno.readFileSync(upload));
  });
});

Deno.test("pen relays a whole upload, and goes on after a client that closes at once", {
  ignore: !need("socat", "pen"),
}, async () => {
  await withRig(async (rig) => {
    const upload = rig.write("upload", crypto.getRandomValues(new Uint8Array(65536)));
    const target = join(rig.files, "received");
    await rig.server(["socat", "-u", "TCP-LISTEN:17430,bind=127.0.0.1,reuseaddr,fork", `OPEN:${target},creat,append`], {
      tcp: [17430],
    });
    await rig.server(["pen", "-f", "127.0.0.1:17431", "127.0.0.1:17430"], { tcp: [17431] });
    await rig.client(["socat", "-u", "/dev/null", "TCP:127.0.0.1:17431"]);
    await rig.client(["socat", "-u", `FILE:${upload}`, "TCP:127.0.0.1:17431"]);
    await until("all has arrived", () => Deno.statSync(target).size === 65536);
    assertEquals(Deno.readFileSync(target), Deno.readFileSync(upload));
  });
});

Deno.test("valkey-cli reads why a server at its limit of clients has closed", {
  ignore: !need("valkey-server", "valkey-cli"),
}, async () => {
  await withRig(async (rig) => {
    const only = ["--port", "17428", "--bind", "127.0.0.1", "--maxclients", "1", "--save", "", "--dir", rig.files];
    await rig.server(["valkey-server", ...only], { tcp: [17428] });
    const first = await rig.server(["valkey-cli", "-p", "17428", "subscribe", "news"], {});
    await until("the first client is there", () => first.output().includes("subscribe"));
    for (let i = 0; i < 5; i++) {
      const { stdout } = await rig.client(["valkey-cli", "-p", "17428", "ping"]);
      assertStrictEquals(stdout.trim(), "ERR max number of clients reached");
    }
  });
});
