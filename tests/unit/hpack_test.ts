/** The compressed headers of HTTP/2 (`c/rules/hpack.c`, `c/rules/huffman.c`): RFC 7541's own examples, and what is none. */
import { assertEquals } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

async function ask(...words: string[]): Promise<string[]> {
  const output = await runHarness("unit/hpack.c", SOURCES, ...words.map((word) => word.replaceAll(" ", "")));
  return output.trimEnd().split("\n").map((line) => line.trimEnd());
}

const SOURCES = ["rules/hpack.c", "rules/huffman.c", "rt/mem.c"];
const FIRST = "L4096";

Deno.test("RFC 7541, C.2 to C.4: requests, with and without Huffman's code, leave the table that is written there", {
  ignore,
}, async () => {
  const request = ["read 1 57 www.example.com", "read 2 110 www.example.com", "read 3 164 www.example.com"];
  assertEquals(
    await ask(
      FIRST,
      "B400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      FIRST,
      "B040c 2f73 616d 706c 652f 7061 7468",
      "B1008 7061 7373 776f 7264 0673 6563 7265 74",
      "B82",
      FIRST,
      "B8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "B8286 84be 5808 6e6f 2d63 6163 6865",
      "B8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      FIRST,
      "B8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "B8286 84be 5886 a8eb 1064 9cbf",
      "B8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ),
    ["read 1 55", "read 0 0", "read 0 0", "read 0 0", ...request, ...request],
  );
});

Deno.test("RFC 7541, C.5 and C.6: with a table of 256 bytes the oldest fields make room", { ignore }, async () => {
  const responses = ["read 4 222", "read 4 222", "read 3 215"];
  assertEquals(
    await ask(
      "L256",
      "B4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d" +
        "546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "B4803 3330 37c1 c0bf",
      "B88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f" +
        "6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b" +
        "2076 6572 7369 6f6e 3d31",
      "L256",
      "B4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7" +
        "8f0b 97c8 e9ae 82ae 43d3",
      "B4883 640e ffc1 c0bf",
      "B88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335" +
        "dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ),
    [...responses, ...responses],
  );
});

Deno.test("Huffman's code: RFC 7541's texts, and padding that is none", { ignore }, async () => {
  const texts: Record<string, string> = {
    "f1e3 c2e5 f23a 6ba0 ab90 f4ff": "www.example.com",
    "25a8 49e9 5bb8 e8b4 bf": "custom-value",
    "aec3 771a 4b": "private",
    "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff": "Mon, 21 Oct 2013 20:13:21 GMT",
    "94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07":
      "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    "": "",
  };
  const wrong = [
    "18", // "a" and zeros behind it
    "1fff", // "a" and eleven ones: a whole byte of padding
    "ff", // nothing but padding, a byte of it
    "ffff ffff", // the end itself, and two bits
    "ffff fffc", // it, and another symbol's beginning
  ];
  assertEquals(await ask(...Object.keys(texts).map((bytes) => `T${bytes}`), ...wrong.map((bytes) => `T${bytes}`)), [
    ...Object.values(texts).map((text) => `${text.length} ${text}`.trimEnd()),
    ...wrong.map(() => "-1"),
  ]);
});

Deno.test("what is no block of headers, or is for somebody else, is refused", { ignore }, async () => {
  const wrong: Record<string, string> = {
    "an index of 0": "80",
    "one behind the static table, of an empty one": "be",
    "a name of an index that there is not": "7e 01 61",
    "an integer that does not end": "ff",
    "one that does not end either": "ff 80 80 80",
    "one of too many bytes": "ff 80 80 80 80 00",
    "one of 32 bits": "ff ff ff ff ff 0f",
    "one beyond 2^24": "7f ff ff ff 7f",
    "a text that is not there": "40",
    "a text longer than the block": "40 0a 61",
    "a name without a value": "40 01 61",
    "a text of Huffman's code with wrong padding": "41 81 00",
    "a table larger than was allowed": "3f e2 1f",
    "a table's size behind a field": "82 20",
    "an empty name of whom it is for": "41 00",
    "whom it is for from the static table, which is nobody": "81",
    "one who is not the first": "41 01 61 41 01 62",
    "another by the other name": "41 01 61 66 01 62",
    "another by a name that is written out": "41 01 61 00 04 686f 7374 01 62",
  };
  const lines = await ask(...Object.values(wrong).flatMap((block) => [FIRST, `B${block}`]));
  Object.keys(wrong).forEach((what, index) => assertEquals(lines[index]?.split(" ")[0], "refused", what));
});

Deno.test("a table's size: none, two of them, and back; what has gone is not found any more", { ignore }, async () => {
  const authority = "41 0161";
  assertEquals(
    await ask(
      FIRST,
      `B${authority} be`,
      "B3f e1 1f be",
      "B20",
      "Bbe",
      FIRST,
      `B3f 02 ${authority}`,
      "B20 3f 02 82",
      `B${authority} be`,
      "B21",
      FIRST,
      `B20 ${authority}`,
    ),
    [
      "read 1 43 a",
      "read 1 43 a",
      "read 0 0 a",
      "refused 0 0 a",
      "read 0 0 a",
      "read 0 0 a",
      "refused 0 0 a",
      "read 0 0 a",
      "read 0 0 a",
    ],
  );
});
