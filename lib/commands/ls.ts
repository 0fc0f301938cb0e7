/** `unsock ls`: what is in the directory, and who is behind it. */
import type { Command } from "commander";
import type { Context } from "../system/context.ts";
import { chooseDirectory } from "../run/directory.ts";
import { listSocketFiles, type SocketFile } from "../report/socket_files.ts";
import { userName } from "../system/users.ts";

/** Adds the command to the program. */
export function defineLs(program: Command, context: Context, settle: (exitCode: number) => void): void {
  program.command("ls")
    .description("list the ports: alive or stale, whose, with which processes and how many connections")
    .option("--dir <directory>", "where the socket files are (default: as for run)")
    .option("--json", "print JSON")
    .action((options: { dir?: string; json?: boolean }) => {
      const directory = chooseDirectory(options.dir, context.environ, context.system.euid).path;
      const files = listSocketFiles(directory, context.libc);
      context.print(options.json ? `${JSON.stringify(files.map(toJson), null, 2)}\n` : formatTable(files));
      settle(0);
    });
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
