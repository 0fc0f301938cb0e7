/** The list of a port's addresses (`c/rules/own_list.c`), and what is put into its link (`c/files/own_index.c`). */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

/** Words: `+ADDR` is added, `*ADDR` as a link, `-N` drops the first N, `/N` the first N links, `?` prints the list. */
const HARNESS = `
#include "files/own_index.h"
#include "rules/settings.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct unsock_settings unsock_settings;
int main(int count, char **words) {
    strcpy(unsock_settings.directory, words[1]);
    unsock_settings.directory_length = strlen(words[1]);
    unsock_own_index_begin(9042);
    for (int i = 2; i < count; i++) {
        char text[UNSOCK_OWN_LIST_MOST], *word = words[i] + 1;
        struct unsock_span list;
        struct unsock_ip ip = {.family = strchr(word, ':') ? AF_INET6 : AF_INET, .port = 9042};
        bool alias;
        switch (words[i][0]) {
        case '+':
        case '*':
            inet_pton(ip.family, word, ip.bytes);
            if (unsock_own_index_add(&ip, words[i][0] == '*') != 0) return 1;
            break;
        case '-':
        case '/':
            unsock_own_index_drop(9042, words[i][0] == '/', (unsigned)atoi(word));
            break;
        default:
            if (!unsock_own_index_read(9042, text, &list)) {
                puts("none");
                break;
            }
            while (unsock_own_list_next(&list, &ip, &alias)) {
                char name[64];
                printf("%s%s ", alias ? "*" : "", inet_ntop(ip.family, ip.bytes, name, sizeof(name)));
            }
            puts(list.length == 0 ? "" : "and what is no list");
        }
    }
    return 0;
}`;

const SOURCES = [
  "files/inside.c",
  "files/own_index.c",
  "kernel/beyond_limit.c",
  "kernel/file_info.c",
  "rules/own_list.c",
  "rules/own_name.c",
  "rules/keyed_hash.c",
  "rules/ip.c",
  "rt/text.c",
  "rt/sys.c",
  "rt/mem.c",
];

async function inDirectory(use: (dir: string, list: (...words: string[]) => Promise<string[]>) => Promise<void>) {
  await withDir(async (dir) => {
    await use(
      dir,
      async (...words) =>
        (await runHarness(HARNESS, SOURCES, dir, ...words)).trimEnd().split("\n").map((line) => line.trimEnd()),
    );
  });
}

Deno.test(
  "a port's addresses are kept in the order in which they came, once each, and links apart",
  { ignore },
  () =>
    inDirectory(async (dir, list) => {
      const all = ["+127.0.0.2", "+::1", "*127.0.0.1", "+0.0.0.0", "+127.255.254.253", "+127.0.0.2", "+127.0.0.1", "?"];
      assertEquals(await list(...all, "-2", "?", "/1", "?", "-9", "?"), [
        "127.0.0.2 ::1 *127.0.0.1 0.0.0.0 127.255.254.253 127.0.0.1",
        "*127.0.0.1 0.0.0.0 127.255.254.253 127.0.0.1",
        "0.0.0.0 127.255.254.253 127.0.0.1",
      ]);
      assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), [".9042.dgram.sock.list"]);
    }),
);

Deno.test(
  "what is no list counts for none, and the next one is not put behind it",
  { ignore },
  () =>
    inDirectory(async (dir, list) => {
      for (const text of ["x", ":12", ":!127.0.0.1", ":!::1,x", ":!x,", `:${"0".repeat(1200)}`]) {
        const link = `${dir}/.9042.dgram.sock.list`;
        Deno.symlinkSync(text, link);
        // Begun anew it is one, whatever was there.
        assertEquals(await list("+127.0.0.2", "?"), ["127.0.0.2"]);
        Deno.removeSync(link);
      }
    }),
);

Deno.test(
  "254 addresses have room, and where there is none those without a file go first",
  { ignore },
  () =>
    inDirectory(async (dir, list) => {
      const addresses = Array.from({ length: 254 }, (_, index) => `127.0.0.${index + 1}`);
      const [shown = ""] = await list(...addresses.map((address) => `+${address}`), "?");
      assertEquals(shown.split(" "), addresses);

      const more = Array.from({ length: 100 }, (_, index) => `+127.0.1.${index}`);
      Deno.writeTextFileSync(`${dir}/9042@127.0.0.7.dgram.sock`, "");
      const [left = ""] = await list(...addresses.map((address) => `+${address}`), ...more, "?");
      assert(left.startsWith("127.0.0.7 127.0.1.") && left.endsWith(" 127.0.1.99"), left);

      // With a file each there is none: the directory tells then.
      for (const address of addresses) Deno.writeTextFileSync(`${dir}/9042@${address}.dgram.sock`, "");
      for (const address of more) Deno.writeTextFileSync(`${dir}/9042@${address.slice(1)}.dgram.sock`, "");
      assertEquals(await list(...addresses.map((address) => `+${address}`), ...more, "?"), ["none"]);
    }),
);
