/** What npm's page shows of the repository: its README, with links that lead there. */
import { assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import { checkAddress } from "../../scripts/dist/npm.ts";
import { absoluteLinks } from "../../scripts/dist/readme.ts";

const HOME = "https://git.example/it";

Deno.test("absoluteLinks() leads to the commit's files, and to the bytes of pictures", () => {
  const cases = [
    ["[a](docs/a.md#b) and [c](./d/)", `[a](${HOME}/blob/1.0/docs/a.md#b) and [c](${HOME}/blob/1.0/d/)`],
    ["[![p](p.svg)](LICENSE)", `[![p](${HOME}/raw/1.0/p.svg)](${HOME}/blob/1.0/LICENSE)`],
    ['<img src="docs/p.png">', `<img src="${HOME}/raw/1.0/docs/p.png">`],
    ["[x](https://x.example/), [y](#y), [z](mailto:a@b.example)"],
  ];
  for (const [page = "", expected = page] of cases) assertEquals(absoluteLinks(page, HOME, "1.0"), expected);
});

Deno.test("absoluteLinks() leaves no link of the README that npm's page could not follow", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const page = absoluteLinks(readme, HOME, "HEAD");
  assertMatch(page, /\]\(https:\/\/git\.example\/it\/blob\/HEAD\/docs\/install\.md/);
  assertNotMatch(page, /(?:\]\(|src="|href=")(?!https?:|#)/);
});

Deno.test("checkAddress() lets no release have nobody's address", () => {
  checkAddress(false, HOME);
  checkAddress(true, "https://git.invalid.org/it");
  assertThrows(() => checkAddress(true, HOME), Error, "set REPOSITORY in lib/system/version.ts");
});
