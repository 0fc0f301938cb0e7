/** The options of `unit` that are about the units themselves. */
import type { Option } from "../system/options.ts";

export const UNIT_OPTIONS = {
  socket: { help: "print a socket unit, too: systemd listens at the ports of --port and starts COMMAND when needed" },
  expose: {
    help: "print the units of expose --http for your own systemd, with its options after --, started by a request",
  },
  name: { value: "name", help: "name of the units", default: "COMMAND's" },
  user: { value: "user", kind: "user", help: "user that COMMAND runs as", default: "a dynamic user of systemd" },
  network: { help: "let COMMAND use the real network for addresses that are not redirected" },
  output: { value: "directory", kind: "directory", help: "write NAME.service and NAME.socket into this directory" },
} as const satisfies Readonly<Record<string, Option>>;
