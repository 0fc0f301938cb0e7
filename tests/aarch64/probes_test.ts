/** The library for aarch64: cross-compiled, in programs that qemu emulates. The run without it is emulated too. */
import { testForeignProbes } from "../support/foreign.ts";
import { need } from "../support/programs.ts";
import { aarch64 } from "./target.ts";

testForeignProbes({
  where: "aarch64",
  target: aarch64,
  ignore: !need("aarch64-linux-gnu-gcc", "aarch64-libc", "qemu-aarch64"),
  without: {
    epoll_sets: "a program for aarch64 cannot execute itself here",
    option_values: "qemu answers into buffers that are too small otherwise than the kernel",
    options: "qemu does not know IP_BIND_ADDRESS_NO_PORT",
  },
});
