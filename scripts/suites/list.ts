/** All suites, in the order in which they are run and reported. */
import { CURL, LIBEVENT, LIBUV } from "./c_libraries.ts";
import { CPYTHON } from "./cpython.ts";
import { GO, GO_DISTURBED, GO_PACKAGES } from "./go.ts";
import { NODE } from "./node.ts";
import { AIOHTTP, EXPRESS, FASTIFY, TWISTED, UVLOOP, WEBSOCKETS, WS } from "./packages.ts";
import { HAPROXY, HAPROXY_TRAPPED, VARNISH } from "./proxies.ts";
import { REDIS } from "./redis.ts";
import { PERL_CORE, RUBY, TCL } from "./scripting.ts";
import type { Suite } from "./suite.ts";

export const SUITES: readonly Suite[] = [
  CPYTHON,
  GO,
  GO_DISTURBED,
  NODE,
  LIBUV,
  LIBEVENT,
  CURL,
  REDIS,
  PERL_CORE,
  TCL,
  RUBY,
  HAPROXY,
  HAPROXY_TRAPPED,
  VARNISH,
  GO_PACKAGES,
  WS,
  EXPRESS,
  FASTIFY,
  WEBSOCKETS,
  AIOHTTP,
  TWISTED,
  UVLOOP,
];
