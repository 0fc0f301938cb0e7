/** The checks of `unsock doctor` alone: this machine, and the settings in the environment. */
import * as os from "node:os";
import type { Library } from "../library/query.ts";
import type { PlaceOptions } from "../run/run_settings.ts";
import { LENGTHEN_QUEUE, shortDatagramQueue } from "../sockets/datagram_queue.ts";
import type { Context } from "../system/context.ts";
import { hardDescriptorLimit } from "../system/descriptors.ts";
import { readText, statOrUndefined } from "../system/files.ts";
import { directoryFindings } from "./directory_findings.ts";
import { type Finding, note, ok, withoutRepetition } from "./finding.ts";
import { libraryFindings } from "./library_findings.ts";

/** Descriptors for some two thousand requests at once. */
const DESCRIPTORS_LEAST = 4096;

/**
 * @param lib The value of `--lib`: the library that programs would preload.
 * @returns Findings about this machine, the library, the directory, and the settings in the environment.
 */
export function diagnoseMachine(
  context: Context,
  library: Library | string,
  place: PlaceOptions,
  lib: string | undefined,
): Finding[] {
  return withoutRepetition([
    kernelFinding(os.release()),
    ...libraryFindings(context, library, place, lib),
    ...directoryFindings(library, place),
    ...preloadFindings(context),
    ...familyFindings(readText("/proc/net/protocols") ?? ""),
    queueFinding(shortDatagramQueue()),
    descriptorFinding(hardDescriptorLimit()),
  ].filter((finding) => finding !== undefined));
}

/** @returns The finding about the kernel's release. Linux 5.10 is the oldest supported release. */
function kernelFinding(release: string): Finding {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const isNew = major > 5 || (major === 5 && minor >= 10);
  return isNew
    ? ok("kernel", `Linux ${release}`)
    : note("kernel", `Linux ${release}: older than 5.10`, "untested: run unsock self-test");
}

function preloadFindings(context: Context): Finding[] {
  const findings: Finding[] = [];
  const entries = context.environ.getFilled("LD_PRELOAD")?.split(/[\s:]+/).filter((entry) => entry !== "") ?? [];
  for (const entry of entries) {
    const missing = entry.includes("/") && statOrUndefined(entry) === undefined;
    if (missing) {
      findings.push(note("preload", `LD_PRELOAD: ${entry} does not exist`, "the dynamic linker warns and ignores it"));
    } else findings.push(note("preload", `LD_PRELOAD: has ${entry} already`, "unsock run puts its library before it"));
  }
  const system = readText("/etc/ld.so.preload")?.trim();
  if (system) {
    findings.push(
      note(
        "preload",
        `/etc/ld.so.preload: ${system.replace(/\s+/g, " ")}`,
        "every program loads it, after unsock's library",
      ),
    );
  }
  return findings;
}

/** Reports whether the kernel has vsock and TIPC. Reads /proc/net/protocols: making a socket would load a module. */
function familyFindings(protocols: string): Finding[] {
  const find = (name: string, family: string, module: "vsock" | "tipc") =>
    new RegExp(`^${name}\\b`, "m").test(protocols)
      ? ok(module, `${family}: available`)
      : note(module, `${family}: not loaded`, `only control files to ${family} need it: modprobe ${module}`);
  return [find("AF_VSOCK", "AF_VSOCK", "vsock"), find("TIPC", "AF_TIPC", "tipc")];
}

/** Reports a low hard limit of descriptors. Deno and Node.js raise the soft limit to the hard one. */
function descriptorFinding(most: number): Finding | undefined {
  return most >= DESCRIPTORS_LEAST ? undefined : note(
    "descriptors",
    `descriptors: a process may have ${most} (ulimit -Hn)`,
    "expose --http needs two for each request, and answers 503 when none is left: raise the limit",
  );
}

function queueFinding(length: number | undefined): Finding | undefined {
  return length === undefined ? undefined : note(
    "datagrams",
    `datagrams: a queue holds ${length} (net.unix.max_dgram_qlen)`,
    `for busy UDP, before its servers start: ${LENGTHEN_QUEUE}`,
  );
}
