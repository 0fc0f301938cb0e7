/** A process that binds a name without the lock, as it may when the port was free, keeps the name. */
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { tryEveryMoment } from "./tool.ts";

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  files: [
    "bind",
    "control_file",
    "directory",
    "ephemeral",
    "listen_fds",
    "lock",
    "port",
    "port_leave",
    "socketfile",
  ],
  kernel: [
    "file_info",
    "identify",
    "log",
    "other_name",
    "socket_info",
    "trust",
  ],
  memory: ["fds", "option_table", "this_process", "state"],
  rt: ["code", "libc", "lines", "mem", "sys", "text", "user"],
  rules: [
    "address",
    "control",
    "errno",
    "ip",
    "kernel_name",
    "port_name",
    "port_record",
    "words",
  ],
};

Deno.test("a server that binds a name while another process removes or releases it, at any moment, keeps it", {
  ignore: !need("cc"),
}, () =>
  withDir(async (dir) => {
    await tryEveryMoment(dir, "port_tool.c", SOURCES, ["p", "p"], /^bind: \d\d moments\nleave: \d moments\n$/);
  }));
