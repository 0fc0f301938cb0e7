/** Pages are read once: a sentence has one thought, and few are long. */
import { assertEquals } from "@std/assert";
import { measure, readPages } from "../../scripts/sentences.ts";

const MOST_WORDS = 22;
const MOST_LONG = 0.02;
/** Pages that quote the output of other programs. */
const QUOTES: readonly string[] = ["docs/bench.md"];

Deno.test("measure() counts words and sentences as a reader does", () => {
  const { words, sentences, long } = measure(`# A heading is none

One \`connect(fd, address)\` is a word. [Links](far/away.md#there) are read, and *emphasis*
goes on. **Bold.** 2.4 is no end.

- An item (with a remark.) Another sentence in it
- io_uring

| what | who |
| --- | --- |
| a short name | A cell with so many words is a sentence |

\`\`\`sh
code is not. Read at all.
\`\`\`
`);
  assertEquals([words, sentences, long], [36, 8, []]);
});

Deno.test("measure() names sentences above forty words", () => {
  const long = `${"word ".repeat(40)}end.`;
  assertEquals(measure(`Short. ${long} Short.`).long, [long]);
});

Deno.test("pages have at most 22 words a sentence, and hardly one above forty", () => {
  const found = [...readPages()].filter(([name]) => !QUOTES.includes(name)).flatMap(([name, text]) => {
    const { words, sentences, long } = measure(text);
    const mean = words / sentences;
    return [
      ...(mean > MOST_WORDS ? [`${name}: ${mean.toFixed(1)} words a sentence`] : []),
      ...(long.length > Math.max(1, sentences * MOST_LONG) ? long.map((one) => `${name}: ${one}`) : []),
    ];
  });
  assertEquals(found, []);
});
