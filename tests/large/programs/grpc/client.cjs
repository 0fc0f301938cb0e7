// A client of gRPC: `client.cjs PORT HOST [CERTIFICATE]`. Makes a call of each kind, and prints what came, a line each.
const fs = require("node:fs");
const grpc = require("@grpc/grpc-js");
const { KINDS } = require("./service.cjs");

const [port, host, certificate] = process.argv.slice(2);
const credentials = certificate === undefined
  ? grpc.credentials.createInsecure()
  : grpc.credentials.createSsl(fs.readFileSync(certificate));
const options = { "grpc.default_authority": `${host}:${port}`, "grpc.ssl_target_name_override": host };
const Client = grpc.makeGenericClientConstructor(KINDS, "Kinds");
const client = new Client(`127.0.0.1:${port}`, credentials, options);

const one = (word, more = {}) =>
  new Promise((resolve) => {
    let trailers = "";
    const call = client.one(word, new grpc.Metadata(), more, (error, value) => {
      const status = error === null ? value : `${grpc.status[error.code]} ${error.details.split(" after")[0]}`;
      setImmediate(() => resolve(`${status}; ${trailers}`));
    });
    call.on("status", ({ metadata }) => trailers = `x-sum ${metadata.get("x-sum")}`);
  });

const streamed = (call) =>
  new Promise((resolve) => {
    const words = [];
    call.on("data", (word) => words.push(word));
    call.on("error", (error) => words.push(error.message));
    call.on(
      "status",
      ({ code, metadata }) => resolve(`${words}; ${grpc.status[code]}, x-sum ${metadata.get("x-sum")}`),
    );
  });

async function main() {
  console.log(await one("word"));
  console.log(await one("refuse"));
  console.log(await one("wait", { deadline: Date.now() + 1000 }));
  console.log(await streamed(client.many("word")));
  const both = client.both();
  const answer = streamed(both);
  both.write("first");
  both.once("data", () => {
    both.write("second");
    both.end();
  });
  console.log(await answer);
  const large = await one("x".repeat(1_000_000));
  console.log(large.replace(/x{9,}/, (text) => `${text.length} bytes`));
  client.close();
}

main();
