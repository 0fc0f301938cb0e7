/** lighttpd under two load generators, PHP's and Ruby's own servers. */
import { assert, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { type Rig, withRig } from "./rig.ts";

const BODY = "0123456789".repeat(1000);

async function startLighttpd(rig: Rig, port: number, cli: boolean): Promise<void> {
  rig.write("page.txt", BODY);
  const config = rig.write(
    "lighttpd.conf",
    `server.document-root = "${rig.files}"
     server.bind = "127.0.0.1"
     server.port = ${port}
     mimetype.assign = (".txt" => "text/plain")\n`,
  );
  await rig.server(["lighttpd", "-D", "-f", config], { tcp: [port], cli });
}

Deno.test("ab sends 2,000 requests over 32 connections to lighttpd, none fails", {
  ignore: !need("lighttpd", "ab"),
}, async () => {
  await withRig(async (rig) => {
    await startLighttpd(rig, 17191, true);
    for (const keepAlive of [[], ["-k"]]) {
      const { stdout } = await rig.client(
        ["ab", "-q", "-c", "32", "-n", "2000", ...keepAlive, "http://127.0.0.1:17191/page.txt"],
      );
      assertMatch(stdout, /Complete requests: +2000\n/);
      assertMatch(stdout, /Failed requests: +0\n/);
      assertMatch(stdout, new RegExp(`HTML transferred: +${2000 * BODY.length} bytes`));
    }
  });
});

Deno.test(
  "wrk keeps 64 connections to lighttpd without a socket error",
  { ignore: !need("lighttpd", "wrk") },
  async () => {
    await withRig(async (rig) => {
      await startLighttpd(rig, 17192, false);
      const wrk = ["wrk", "-t", "2", "-c", "64", "-d", "2s", "http://127.0.0.1:17192/page.txt"];
      const { stdout } = await rig.client(wrk, { cli: true });
      assertNotMatch(stdout, /Socket errors|Non-2xx/);
      assert(Number(stdout.match(/(\d+) requests in/)?.[1]) > 0, stdout);
    });
  },
);

Deno.test("PHP's own server tells a client's address", { ignore: !need("php", "curl") }, async () => {
  await withRig(async (rig) => {
    rig.write("index.php", `<?php echo "$_SERVER[REMOTE_ADDR] $_SERVER[SERVER_PORT] ", strlen($_POST["text"]);`);
    await rig.server(["php", "-S", "127.0.0.1:17193", "-t", rig.files], { tcp: [17193], cli: true });
    for (const cli of [false, true]) {
      const { stdout } = await rig.client(["curl", "-sSf", "-d", `text=${BODY}`, "http://127.0.0.1:17193/"], { cli });
      assertStrictEquals(stdout, `127.0.0.1 17193 ${BODY.length}`);
    }
  });
});

Deno.test("PHP's streams are client and server in one script", { ignore: !need("php") }, async () => {
  await withRig(async (rig) => {
    const script = rig.write(
      "both.php",
      `<?php
      $server = stream_socket_server("tcp://127.0.0.1:17194");
      $client = stream_socket_client("tcp://127.0.0.1:17194", $number, $text, 5);
      $peer = stream_socket_accept($server, 5, $name);
      echo $name === stream_socket_get_name($client, false) ? "same" : "other", " client, ";
      echo stream_socket_get_name($client, true), ", ";
      fwrite($client, "hello\\n"); echo fgets($peer);`,
    );
    const { stdout } = await rig.client(["php", script], { cli: true });
    assertStrictEquals(stdout, "same client, 127.0.0.1:17194, hello\n");
  });
});

Deno.test("Ruby's TCPServer serves threads of TCPSocket over both families", { ignore: !need("ruby") }, async () => {
  await withRig(async (rig) => {
    const server = rig.write(
      "server.rb",
      `
      require "socket"
      server = TCPServer.new("localhost", 17195)
      loop do
        Thread.new(server.accept) do |peer|
          peer.puts "#{peer.remote_address.ip_port} #{peer.gets}"
          peer.close
        end
      end`,
    );
    const client = rig.write(
      "client.rb",
      `
      require "socket"
      threads = (1..20).map do |i|
        Thread.new do
          socket = TCPSocket.new("localhost", 17195)
          socket.puts "number #{i}"
          socket.read == "#{socket.local_address.ip_port} number #{i}\\n"
        end
      end
      puts threads.map(&:value).count(true)`,
    );
    await rig.server(["ruby", server], { tcp: [17195], cli: true });
    for (const cli of [false, true]) {
      assertStrictEquals((await rig.client(["ruby", client], { cli })).stdout, "20\n");
    }
  });
});

Deno.test("Ruby's WEBrick serves a file to its own HTTP client", { ignore: !need("ruby", "webrick") }, async () => {
  await withRig(async (rig) => {
    rig.write("page.txt", BODY);
    await rig.server(["ruby", "-run", "-e", "httpd", rig.files, "-p", "17196"], { tcp: [17196] });
    const script = `require "net/http"; print Net::HTTP.get(URI("http://localhost:17196/page.txt"))`;
    const { stdout } = await rig.client(["ruby", "-e", script], { cli: true });
    assertStrictEquals(stdout, BODY);
  });
});
