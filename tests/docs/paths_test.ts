/** No page names a place of the library that its own commands, or the installation that it tells of, do not make. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { libraryManual } from "../../lib/help/manual.ts";
import { commandManual } from "../../lib/help/manual.ts";
import { COMMANDS } from "../../lib/commands/table.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const LIBRARY = /(?<![\w.~/-])\/[\w./-]*libunsock\.so/g;

/** True if the page makes the file: by a mount, a copy into an image, or into a guest's root file system. */
function isMade(file: string, page: string): boolean {
  const path = RegExp.escape(file);
  return new RegExp(`:${path}:ro|^COPY --from=\\S+ \\S+ ${path}$|^install .* \\S*/mnt/guest${path}$`, "m").test(page);
}

/** Placeholders that say so, and what an installation that the sentence names puts in place. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  "docs/install.md": ["/usr/lib/libunsock.so"], // the Debian package's
  "docs/security.md": ["/usr/local/lib/libunsock.so"], // where install.sh puts it
};

function pages(): [name: string, text: string][] {
  const docs = [...Deno.readDirSync(join(ROOT, "docs"))].map(({ name }) => `docs/${name}`).filter((name) =>
    name.endsWith(".md")
  ).toSorted();
  return [
    ...["README.md", ...docs].map((name): [string, string] => [name, Deno.readTextFileSync(join(ROOT, name))]),
    ["unsock(1)", commandManual(COMMANDS)],
    ["libunsock(7)", libraryManual([])],
  ];
}

Deno.test("no page has a path of the library that it does not make", () => {
  const unmade = pages().flatMap(([name, text]) =>
    [...new Set(text.match(LIBRARY) ?? [])]
      .filter((file) => !file.startsWith("/mnt/guest/") && !NAMED[name]?.includes(file) && !isMade(file, text))
      .map((file) => `${name}: ${file}`)
  );
  assertEquals(unmade, []);
});
