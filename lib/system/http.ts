/**
 * Loads `node:http` by `require`. An `import` would make Node.js evaluate all exports of the module. One of them,
 * WebSocket, loads undici, HTTP/2 and TLS: 10 to 15 MB of memory.
 */
import { createRequire } from "node:module";
import type * as Http from "node:http";
import type * as Http2 from "node:http2";
import type * as Tls from "node:tls";

const require = createRequire(import.meta.url);
const http: typeof Http = require("node:http");

export const { createServer, request, ServerResponse, STATUS_CODES } = http;

/** @returns The module for HTTP/2, loaded only when it is needed, since it takes 5 to 9 MB in Node.js. */
export function loadHttp2(): typeof Http2 {
  return require("node:http2");
}

/** @returns The module for TLS, loaded only when it is needed. */
export function loadTls(): typeof Tls {
  return require("node:tls");
}
