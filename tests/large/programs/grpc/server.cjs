// A server of gRPC at port 50051, with one call of each kind. Prints "ready".
const grpc = require("@grpc/grpc-js");
const { KINDS } = require("./service.cjs");

const trailer = () => {
  const metadata = new grpc.Metadata();
  metadata.set("x-sum", "42");
  return metadata;
};
const server = new grpc.Server();
server.addService(KINDS, {
  one: (call, done) => {
    if (call.request === "refuse") done({ code: grpc.status.NOT_FOUND, details: "no such word", metadata: trailer() });
    else if (call.request !== "wait") done(null, `one ${call.request} for ${call.getHost()}`, trailer());
    call.on("cancelled", () => console.log("cancelled"));
  },
  many: (call) => {
    for (let i = 0; i < 3; i++) call.write(`many ${call.request} ${i}`);
    call.end(trailer());
  },
  both: (call) => {
    call.on("data", (word) => call.write(`both ${word}`));
    call.on("end", () => call.end(trailer()));
  },
});
server.bindAsync("127.0.0.1:50051", grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log("ready");
});
