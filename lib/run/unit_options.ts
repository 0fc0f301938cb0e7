/** The options of `unit` that are about the units themselves. */
import type { Option } from "../system/options.ts";

/** Options of the units themselves. */
export const UNIT_OPTIONS = {
  socket: { help: "print a socket unit, too: systemd listens at the ports of --port and starts COMMAND when needed" },
  name: { value: "name", help: "of the units", default: "COMMAND's" },
  user: { value: "user", kind: "user", help: "whom COMMAND runs as", default: "one that systemd invents" },
  network: { help: "COMMAND may use the network where nothing is redirected" },
  output: { value: "directory", kind: "directory", help: "write the units there, as NAME.service and NAME.socket" },
} as const satisfies Readonly<Record<string, Option>>;
