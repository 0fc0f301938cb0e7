/** The options of `expose`, which `unit --expose` reads, too. */
import type { Option } from "../system/options.ts";

/** Options of `expose`, besides those that name the directory. */
export const EXPOSE_OPTIONS = {
  address: { value: "address", help: "IP address of the real network", default: "127.0.0.1" },
  all: { help: "expose every port that has a server in the directory, of TCP and UDP, as servers start and end" },
  http: { value: "port", help: "serve all loopbacks of the user by name, at this one port" },
  cert: {
    value: "file",
    kind: "file",
    help: "with --http: serve HTTPS with this certificate, and HTTP/2; it is read again when it changes",
  },
  key: { value: "file", kind: "file", help: "the private key of --cert" },
  log: {
    value: "file",
    optional: true,
    kind: "file",
    help: "with --http: a line for each request, appended to this file",
    default: "standard error",
  },
  json: { help: "with --http: print what is served as a line of JSON, and again whenever it changes" },
  in: { help: "forward the directory's port to a server of the real network" },
  control: {
    value: "file",
    help: "listen at the target of this control file (make-control), not at an IP address",
  },
  idle: { value: "seconds", help: "forget a UDP client after so long without a datagram", default: "60" },
  untilEof: { help: "end when standard input ends, for a program that starts expose" },
  force: { help: "expose even if everybody may write to --dir, or other users could replace it" },
} as const satisfies Readonly<Record<string, Option>>;
