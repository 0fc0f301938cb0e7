// A service whose messages are texts.
const method = (path, requestStream, responseStream) => ({
  path: `/test.Kinds/${path}`,
  requestStream,
  responseStream,
  requestSerialize: Buffer.from,
  requestDeserialize: String,
  responseSerialize: Buffer.from,
  responseDeserialize: String,
});
exports.KINDS = {
  one: method("one", false, false),
  many: method("many", false, true),
  both: method("both", true, true),
};
