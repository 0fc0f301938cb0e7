#!/usr/bin/env node
// Finds this machine's library, which under this name is the program, and becomes it; where Node.js cannot, it stays as its parent. Beside it
// in the package unsock-cli is the whole command line.
"use strict";
const { spawn } = require("node:child_process");
const path = require("node:path");
const os = require("node:os");

function libraryOf(name) {
  try {
    return path.join(path.dirname(require.resolve(`${name}/package.json`)), "lib", "libunsock.so");
  } catch {
    return undefined;
  }
}

const name = `unsock-linux-${process.arch}`;
const program = libraryOf(`unsock-cli-linux-${process.arch}`) ?? libraryOf(name);
if (program === undefined) {
  console.error(`unsock: package ${name}: not installed: npm install ${name} (Linux on x64 and arm64 only)`);
  process.exit(125);
}
const args = process.argv.slice(2);
// Of Node.js 22.15: standard input, signals and job control are the program's own then.
if (typeof process.execve === "function") process.execve(program, ["unsock", ...args], process.env);
const child = spawn(program, args, { stdio: "inherit", argv0: "unsock" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]) {
  // From a terminal the child gets it too; this process must only not end before it.
  process.on(signal, () => process.stdin.isTTY && signal === "SIGINT" || child.kill(signal));
}
child.on("error", (error) => {
  console.error(`unsock: ${program}: ${error.message}`);
  process.exit(125);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // A signal that does not end this process.
  setTimeout(() => process.exit(128 + os.constants.signals[signal]), 100);
});
