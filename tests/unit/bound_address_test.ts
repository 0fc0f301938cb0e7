/** What a datagram port's first socket leaves about its address (`c/rules/own_name.c`), read by the command line as by the library. */
import { assertEquals } from "@std/assert";
import { ofNumber, ofShortName } from "../../lib/report/bound_address.ts";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ADDRESSES = ["127.0.0.1", "0.0.0.0", "::", "::1", "127.0.0.2", "127.255.9.254", "10.0.2.15", "2001:db8::5:ff"];
const PORT = 9042;

/** A line for each address: the number, and the five characters. */
const HARNESS = `
#include "rules/own_name.h"
#include "rules/ip.h"
#include "rules/settings.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
struct unsock_settings unsock_settings;
int main(int count, char **words) {
    /* So long that a name with an address has no room. */
    memset(unsock_settings.directory, 'd', UNSOCK_DIR_MOST);
    unsock_settings.directory_length = UNSOCK_DIR_MOST;
    for (int i = 1; i < count; i++) {
        for (int v6only = 0; v6only < 2; v6only++) {
            struct unsock_ip ip = {.port = ${PORT}, .family = strchr(words[i], ':') ? AF_INET6 : AF_INET};
            struct sockaddr_un path;
            inet_pton(ip.family, words[i], ip.bytes);
            unsock_own_name_path(&ip, &path);
            printf("%u %.5s\\n", unsock_own_name_number(&ip, v6only != 0), strchr(path.sun_path, '@') + 1);
        }
    }
    return 0;
}`;

const SOURCES = ["rules/own_name.c", "rules/ip.c", "rules/keyed_hash.c", "rt/text.c", "rt/mem.c"];

Deno.test(
  "the address of a datagram port's first socket is read as it is written",
  { ignore: !need("cc") },
  async () => {
    const output = await runHarness(HARNESS, SOURCES, ...ADDRESSES);
    const lines = output.trimEnd().split("\n").map((line) => line.split(" "));
    assertEquals(lines.length, 2 * ADDRESSES.length);
    for (const [index, [number = "", short = ""]] of lines.entries()) {
      const text = ADDRESSES[index >> 1] ?? "";
      const whole = { text, forBoth: text === "::" && index % 2 === 0 };
      // A hash may be another address's.
      const isHash = text.startsWith("10.") || text.startsWith("2001");
      assertEquals(ofNumber(Number(number)), isHash ? undefined : whole);
      // For the shortest there is room everywhere.
      if (!text.startsWith("::")) assertEquals(ofShortName(short), isHash ? undefined : { text, forBoth: false });
    }
  },
);
