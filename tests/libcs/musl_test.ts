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
    vfork_spawn: "musl has neither close_range nor closefrom",
  },
});
