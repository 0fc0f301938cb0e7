/** A page of vite's, from npm's registry, whose modules are replaced in the open page when their files change. */
import { assertStrictEquals } from "@std/assert";
import { run } from "../support/process.ts";

const VITE = "vite@7";
const INSTALL_MS = 300_000;
const PAGE = `<!DOCTYPE html><html lang="en"><title>app</title><b id="word"></b>
<script type="module" src="/main.js"></script></html>`;
const MAIN = `import { word } from "./word.js";
const show = (text) => document.getElementById("word").textContent = text;
show(word);
import.meta.hot.accept("./word.js", (module) => show(module.word));
`;

/** Installs vite into a directory. */
export async function installVite(dir: string): Promise<void> {
  const command = ["npm", "install", "--prefix", dir, "--no-audit", "--no-fund", VITE];
  const installed = await run(command, { cwd: dir, timeoutMs: INSTALL_MS });
  assertStrictEquals(installed.code, 0, installed.stderr);
}

/** Makes the page's files, in a new directory. */
export async function makeApp(directory: string, word: string): Promise<void> {
  await Deno.mkdir(directory);
  await Deno.writeTextFile(`${directory}/index.html`, PAGE);
  await Deno.writeTextFile(`${directory}/main.js`, MAIN);
  await writeWord(directory, word);
}

/** Changes the word that the page shows: as editors do, so that nobody reads half of it. */
export async function writeWord(directory: string, word: string): Promise<void> {
  await Deno.writeTextFile(`${directory}.part`, `export const word = "${word}";\n`);
  await Deno.rename(`${directory}.part`, `${directory}/word.js`);
}

/** @returns The command that serves the page at port 3000. It prints "ready" once it listens. */
export function viteCommand(dir: string, app: string): string[] {
  return ["node", `${dir}/node_modules/vite/bin/vite.js`, app, "--port", "3000", "--strictPort"];
}
