/** `unsock ls`: what is in the directory, and who is behind it. */
import type { Context } from "../system/context.ts";
import { chooseDirectory } from "../run/directory.ts";
import { listSocketFiles, type SocketFile } from "../report/socket_files.ts";
import { userName } from "../system/users.ts";

/**
 * Prints what is in the directory.
 *
 * @param options As on the command line.
 * @returns The exit status.
 * @throws {UnsockError} When the directory cannot be read.
 */
export function ls(options: { readonly dir?: string; readonly json?: boolean }, context: Context): number {
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid).path;
  const files = listSocketFiles(directory, context.libc);
  context.print(options.json ? `${JSON.stringify(files.map(toJson), null, 2)}\n` : formatTable(files));
  return 0;
}

function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function toJson(file: SocketFile): Record<string, unknown> {
  const { uid, mode, target, ...rest } = file;
  return { ...rest, target: target ?? null, owner: userName(uid), uid, mode: formatMode(mode) };
}

function describeHolders({ processes, waiting }: SocketFile): string {
  const holders = processes.map(({ pid, name }) => `${name}[${pid}]`);
  // As with a listener on 127.0.0.1 and one on ::1, which share a port's file.
  if (waiting > 0) holders.push(`(+${waiting} on other addresses)`);
  return holders.join(" ") || "-";
}

function formatTable(files: readonly SocketFile[]): string {
  const rows = files.map((file) => [
    `${file.port}`,
    file.kind,
    file.state,
    userName(file.uid),
    formatMode(file.mode),
    file.state === "alive" && file.kind === "stream" ? `${file.connections}` : "-",
    file.target ?? describeHolders(file),
  ]);
  const table = [["PORT", "KIND", "STATE", "OWNER", "MODE", "CONN", "PROCESS OR TARGET"], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}\n`)
    .join("");
}
