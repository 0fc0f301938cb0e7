/**
 * Records the running front in a file of the user's default directory, so that `unsock ls` can print URLs. A killed
 * front leaves the file. So the file counts only while the recorded process listens at the recorded port.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { listIpListeners } from "../system/ip_sockets.ts";
import { isSameFile, linkTarget, listNames, lstatOrUndefined, readText } from "../system/files.ts";
import { type Directories, listLoopbacks } from "../sockets/loopbacks.ts";
import { urlOf } from "./page.ts";
import type { Origin } from "./parts.ts";

const NAME = ".front";
/** The record's line: the front's pid, the scheme of its URLs, its port, and its `extra` directory (`Directories`). */
const RECORD = /^(\d+) (https?) (\d+) (\/[^\n]*)\n$/;
const ENDINGS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The content of the record. */
export interface FrontRecord extends Origin {
  readonly pid: number;
  readonly extra: string;
}

/** True if the process has a socket that listens at the port, as far as this user may look. */
function isListening({ pid, port }: FrontRecord): boolean {
  const sockets = listIpListeners(port).map(({ inode }) => `socket:[${inode}]`);
  const directory = `/proc/${pid}/fd`;
  return sockets.length > 0 &&
    listNames(directory).some((fd) => sockets.includes(linkTarget(join(directory, fd)) ?? ""));
}

/** @returns The record in the file, even if the front that wrote it has ended. */
function readRecord(base: string): FrontRecord | undefined {
  const [, pid, scheme, port, extra] = RECORD.exec(readText(join(base, NAME)) ?? "") ?? [];
  if (extra === undefined) return undefined;
  return { pid: Number(pid), scheme: scheme === "https" ? "https" : "http", port: Number(port), extra };
}

/** A directory of socket files, and TCP ports that have a server in it. */
export interface Served {
  readonly directory: string;
  readonly ports: readonly number[];
  /** True if `ports` are all ports of the directory. Then, if there is only one, the URL does not name the port. */
  readonly isWhole: boolean;
}

/**
 * @param base The user's default directory.
 * @returns The ports' URLs at the front that was started last, if this front runs and serves the directory; else none.
 */
export function urlsByFront(base: string, { directory, ports, isWhole }: Served): Map<number, string> {
  const record = readRecord(base);
  if (record === undefined || !isListening(record)) return new Map();
  const loopback = listLoopbacks({ base, extra: record.extra }).find(({ path, isSecondName }) =>
    !isSecondName && isSameFile(path, directory)
  );
  if (loopback === undefined) return new Map();
  const isShort = isWhole && ports.length === 1;
  return new Map(ports.flatMap((port): [number, string][] => {
    const url = urlOf(loopback, record, isShort ? undefined : port);
    return url === undefined ? [] : [[port, url]];
  }));
}

/** Writes the record, and removes it when a signal ends this process. */
export function recordFront({ base, extra, scheme, port }: Directories & Origin): void {
  const file = join(base, NAME);
  const part = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(part, `${process.pid} ${scheme} ${port} ${extra}\n`, { mode: 0o600 });
    fs.renameSync(part, file);
  } catch {
    // A full or read-only file system: the front serves without a record.
    if (lstatOrUndefined(part) !== undefined) fs.rmSync(part);
    return;
  }
  for (const signal of ENDINGS) {
    process.once(signal, () => {
      if (readRecord(base)?.pid === process.pid) fs.rmSync(file, { force: true });
      process.kill(process.pid, signal);
    });
  }
}
