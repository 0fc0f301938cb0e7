/** The same `libunsock.so`, which glibc programs use, in programs of musl. */
import { testForeignProbes } from "../support/foreign.ts";
import { need } from "../support/programs.ts";
import { musl } from "./targets.ts";

testForeignProbes({
  where: "musl",
  target: musl,
  ignore: !need("musl-gcc"),
  without: {
    lifetime: "musl has neither close_range nor closefrom",
    tagged_pointers: "musl's sendmsg reads the message itself, and crashes",
    vfork_spawn: "musl has neither close_range nor closefrom",
  },
});
