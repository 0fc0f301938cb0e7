/** C libraries other than this machine's own, and how programs for them are compiled. */
import { join } from "@std/path/posix";
import { ROOT, type Target } from "../support/foreign.ts";
import { libraryFile } from "../support/library.ts";
import { oldRoot } from "./old_root.ts";

const NAMES_OF_ERRNO = ["-include", join(ROOT, "tests", "libcs", "errno_names.h")];

/** musl, by Debian's musl-tools; the kernel's headers are the system's. */
export function musl(): Promise<Target> {
  const machine = Deno.build.arch;
  const headers = ["-idirafter", "/usr/include", "-idirafter", `/usr/include/${machine}-linux-gnu`];
  // Its `struct msghdr` has other types than glibc's.
  const compiler = ["musl-gcc", ...NAMES_OF_ERRNO, ...headers, "-Wno-format"];
  return Promise.resolve({ name: "musl", compiler, library: libraryFile() });
}

/** The oldest glibc that can be had. Its programs name its own dynamic linker, so that they start like any other. */
export async function oldGlibc(): Promise<Target> {
  const { directory, linker, libraries } = await oldRoot();
  // Before this machine's own files, which gcc looks for beside itself first.
  const files = `-B${join(directory, "usr", "lib", `${Deno.build.arch}-linux-gnu`)}`;
  const link = [files, `-Wl,--dynamic-linker=${linker}`, `-Wl,--disable-new-dtags,-rpath,${libraries}`];
  const compiler = ["gcc", `--sysroot=${directory}`, ...NAMES_OF_ERRNO, ...link];
  return { name: "old-glibc", compiler, library: libraryFile() };
}

/** The same for programs that link libdl. */
export async function oldGlibcWithLibdl(): Promise<Target> {
  const { compiler, library } = await oldGlibc();
  return { name: "old-glibc-libdl", compiler: [...compiler, "-Wl,--no-as-needed", "-ldl"], library };
}
