// One worker's test: its own process listens at port 3000, waits for all four workers, and asks its own server. With DATABASE, it
// asks a server of the real network at that port, too.
const assert = require("node:assert/strict");
const { once } = require("node:events");
const { mkdirSync, readdirSync, writeFileSync } = require("node:fs");
const { connect, createServer } = require("node:net");
const { text } = require("node:stream/consumers");
const { setTimeout } = require("node:timers/promises");
const { test } = require("node:test");

const COUNT = 4;
const TRIES = 6000;

test("the server is this worker's", async () => {
  const own = `${process.pid}`;
  const server = createServer((socket) => socket.end(own)).listen(3000, "127.0.0.1");
  try {
    await once(server, "listening");
  } finally {
    mkdirSync("there", { recursive: true });
    writeFileSync(`there/${own}`, "");
  }
  for (let i = 0; readdirSync("there").length < COUNT; i++) {
    assert.ok(i < TRIES, "not all workers are there");
    await setTimeout(10);
  }
  assert.equal(await text(connect(3000, "127.0.0.1")), own);
  const { DATABASE } = process.env;
  if (DATABASE) assert.equal(await text(connect(Number(DATABASE), "127.0.0.1")), "shared");
  server.close();
});
