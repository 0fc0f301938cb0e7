// One worker's test, of any runner: the test's own process listens at port 3000, waits until all workers have tried, and asks its own
// server. Each worker leaves a file in "there" with its directory.
const { once } = require("node:events");
const { mkdirSync, readdirSync, writeFileSync } = require("node:fs");
const { connect, createServer } = require("node:net");
const { text } = require("node:stream/consumers");
const { setTimeout } = require("node:timers/promises");

const COUNT = 4;
const TRIES = 12_000;

module.exports = async function check(name) {
  const server = createServer((socket) => socket.end(name)).listen(3000, "127.0.0.1");
  try {
    await once(server, "listening");
  } finally {
    mkdirSync("there", { recursive: true });
    writeFileSync(`there/${name}`, process.env.UNSOCK_DIR ?? "");
  }
  for (let i = 0; readdirSync("there").length < COUNT; i++) {
    if (i > TRIES) throw new Error("not all workers are there");
    await setTimeout(10);
  }
  const answer = await text(connect(3000, "127.0.0.1"));
  await new Promise((closed) => server.close(closed));
  if (answer !== name) throw new Error(`${answer} instead of ${name}`);
};
