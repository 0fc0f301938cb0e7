/** aarch64: cross-compiled, and run by qemu's user emulation. */
import { join } from "@std/path/posix";
import { build } from "../../scripts/build.ts";
import { ROOT, type Target } from "../support/foreign.ts";

const SYSROOT = "/usr/aarch64-linux-gnu";

let library: Promise<string> | undefined;

/** Builds the library for aarch64 and tells how programs are compiled and started. */
export async function aarch64(): Promise<Target> {
  library ??= build(["--target=aarch64"]).then(([file = ""]) => join(ROOT, file));
  return { name: "aarch64", compiler: ["aarch64-linux-gnu-gcc"], library: await library, emulator };
}

/** qemu itself is a program of this machine, which must not preload a library of another. */
function emulator(preload: string | undefined): string[] {
  const settings = preload === undefined ? [] : ["-E", `LD_PRELOAD=${preload}`];
  return ["qemu-aarch64", "-L", SYSROOT, ...settings];
}
