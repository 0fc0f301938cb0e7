/** Who is bound to a port, and what follows from that (`c/rules/port_name.c`, `c/rules/port_record.c`): tables. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { parseName } from "../../lib/report/socket_names.ts";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

/** Each argument is a question in words, each line of output its answer. */
const HARNESS = `
#include "rules/port_record.h"
#include "rules/settings.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct unsock_settings unsock_settings = {.directory = "/d", .directory_length = 2};
static struct unsock_port port;
static struct unsock_span span(const char *text) { return (struct unsock_span){text, strlen(text)}; }
static struct unsock_port_entry entry(const char *text) {
    struct unsock_port_entry entry;
    struct unsock_span rest = span(text);
    if (!unsock_port_entry_next(&rest, &entry) || rest.length > 0) exit(3);
    return entry;
}
static const char *text_of(const struct unsock_port_entry *entry) {
    static char buffer[UNSOCK_PORT_ENTRY_MOST];
    struct unsock_text text;
    unsock_text_start(&text, buffer, sizeof(buffer));
    unsock_port_entry_put(&text, entry);
    return buffer;
}
static struct unsock_ip ip_of(const char *text) {
    struct unsock_ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET, .port = 9042};
    if (inet_pton(ip.family, text, ip.bytes) != 1) exit(4);
    return ip;
}
/* LINK RECORD LIVES: "-" for none. A life is one of ?, +, x (dead), o (gone), in the order of the entries. */
static void read_port(char *link, char *record, const char *lives) {
    memset(&port, 0, sizeof(port));
    port.number = 9042;
    bool ours = unsock_port_link_read(span(link), 9042, &port.first, &port.several);
    port.holder = strcmp(link, "-") == 0 ? UNSOCK_PORT_NOBODY : ours ? UNSOCK_PORT_OURS : UNSOCK_PORT_FOREIGN;
    port.several &= ours;
    for (char *c = record; *c; c++) if (*c == ',') *c = ' ';
    size_t length = strcmp(record, "-") == 0 ? 0 : strlen(record);
    memcpy(port.text, record, length);
    unsock_port_take(&port, port.several ? length : 0);
    for (int i = 0; lives[i]; i++) port.life[i] = (uint8_t)(strchr("?+xo", lives[i]) - "?+xo");
}
static void ask(char *question) {
    char *w[8] = {0};
    int count = 0;
    for (char *word = strtok(question, " "); word && count < 8; word = strtok(NULL, " ")) w[count++] = word;
    if (!strcmp(w[0], "name")) {
        struct unsock_ip ip = ip_of(w[1]), back;
        struct sockaddr_un path;
        bool v6only;
        struct unsock_port_entry e = unsock_port_entry_of(&ip, atoi(w[2]), (uint8_t)atoi(w[3])), read;
        uint16_t number;
        unsock_port_path(9042, &e, &path);
        bool same = unsock_port_name_read(span(path.sun_path + unsock_settings.directory_length + 1), &number, &read) &&
                    number == 9042 && unsock_port_same(&e, &read);
        bool known = unsock_port_entry_ip(&e, &back, &v6only);
        bool wildcard6 = ip.family == AF_INET6 && unsock_ip_is_wildcard(&ip);
        printf("%s %s %s\\n", strrchr(path.sun_path, '/') + 1, same ? "read" : "NOT READ",
               !known ? "unknown" : unsock_ip_same_address(&ip, &back) && v6only == (wildcard6 && atoi(w[2])) ? "back" : "WRONG");
    } else if (!strcmp(w[0], "conflict")) {
        struct unsock_port_entry a = entry(w[1]), b = entry(w[2]);
        bool one = unsock_port_conflict(&a, &b);
        printf("%s\\n", one != unsock_port_conflict(&b, &a) ? "NOT SYMMETRIC" : one ? "yes" : "no");
    } else if (!strcmp(w[0], "bind")) {
        struct unsock_port_entry me = entry(w[4]);
        read_port(w[1], w[2], w[3]);
        struct unsock_port_joining j = unsock_port_decide_bind(&port, &me, w[5] != NULL);
        struct unsock_port_entry e = j.which >= 0 ? unsock_port_at(&port, (unsigned)j.which) : me;
        if (j.verdict == UNSOCK_PORT_JOIN) printf("join%s\\n", j.be_first ? " first" : "");
        else printf("%s %s\\n", j.verdict == UNSOCK_PORT_ASK ? "ask" : "refuse", j.which < 0 ? "-" : text_of(&e));
    } else if (!strcmp(w[0], "leave")) {
        struct unsock_port_entry me = entry(w[4]);
        read_port(w[1], w[2], w[3]);
        struct unsock_port_leaving l = unsock_port_decide_leave(&port, &me);
        int index = l.ask ? l.which : l.heir;
        struct unsock_port_entry e = index >= 0 ? unsock_port_at(&port, (unsigned)index) : me;
        printf("%s%s\\n", l.ask ? "ask " : "", index == UNSOCK_PORT_HEIR_STAYS ? "stays" : index < 0 ? "goes" : text_of(&e));
    } else if (!strcmp(w[0], "connect")) {
        struct unsock_ip ip = ip_of(w[3]);
        struct unsock_port_entry e;
        read_port(w[1], w[2], "");
        for (unsigned i = 0; unsock_port_candidate(&port, &ip, (unsigned)atoi(w[4]), w[5] != NULL, i, &e); i++)
            printf("%s%s", i ? " " : "", text_of(&e));
        puts("");
    } else {
        struct unsock_port_entry me = entry(w[4]);
        read_port(w[1], w[2], w[3]);
        bool fits = unsock_port_write(&port, strcmp(w[0], "write") == 0 ? &me : NULL);
        printf("%s%s\\n", fits ? "" : "too long: ", port.fresh);
    }
}
int main(int count, char **words) {
    if (strcmp(words[1], "long") == 0) {
        memset(unsock_settings.directory, 'd', UNSOCK_DIR_MOST);
        unsock_settings.directory[0] = '/';
        unsock_settings.directory_length = UNSOCK_DIR_MOST;
    }
    for (int i = 2; i < count; i++) ask(words[i]);
    return 0;
}`;

const SOURCES = [
  "rules/port_record.c",
  "rules/port_name.c",
  "rules/own_name.c",
  "rules/keyed_hash.c",
  "rules/ip.c",
  "rt/text.c",
  "rt/mem.c",
];

/** Asks all of them at once. */
async function answers(table: readonly (readonly [string, string])[], directory = "short"): Promise<void> {
  const output = await runHarness(HARNESS, SOURCES, directory, ...table.map(([question]) => question));
  assertEquals(output.trimEnd().split("\n").map((answer, i) => [table[i]?.[0], answer]), table.map((row) => [...row]));
}

Deno.test("an address is written in a stream's name in one way, and read back", { ignore }, () =>
  answers([
    ["name 127.0.0.1 0 0", ".9042@127.0.0.1 read back"],
    ["name 127.0.0.1 1 3", ".9042@127.0.0.1+3 read back"],
    ["name 0.0.0.0 0 0", ".9042@0.0.0.0 read back"],
    ["name :: 0 0", ".9042@any read back"],
    ["name :: 1 99", ".9042@--+99 read back"],
    ["name ::1 0 0", ".9042@--1 read back"],
    ["name 2001:db8::5:ff 0 0", ".9042@2001-db8--5-ff read back"],
    ["name 1:2:3:4:5:6:7:8 0 109", ".9042@1-2-3-4-5-6-7-8+109 read back"],
  ]));

Deno.test(
  "five characters stand for an address where its name would be too long for a socket's path",
  { ignore },
  async () => {
    const table = ["127.0.0.1", "127.250.251.252", "0.0.0.0", "10.0.2.15", "::1", "::", "2001:db8:1:2:3:4:5:6"]
      .map((address) => `name ${address} 0 99`);
    const output = await runHarness(HARNESS, SOURCES, "long", ...table);
    const lines = output.trimEnd().split("\n").map((line) => line.split(" "));
    assertEquals(lines.map(([, read]) => read), table.map(() => "read"));
    assertEquals(lines.map(([, , back]) => back), ["back", "back", "back", "unknown", "back", "back", "unknown"]);
    // The command line reads them as the library does.
    assertEquals(
      lines.map(([name = ""]) => parseName(name)?.address?.text),
      ["127.0.0.1", "127.250.251.252", "0.0.0.0", undefined, "::1", "::", undefined],
    );
  },
);

Deno.test("two names exclude each other as TCP says", { ignore }, () =>
  answers([
    ["conflict 127.0.0.1 127.0.0.1", "yes"],
    ["conflict 127.0.0.1 127.0.0.2", "no"],
    ["conflict 127.0.0.1 0.0.0.0", "yes"],
    ["conflict 127.0.0.1 --", "no"],
    ["conflict 127.0.0.1 any", "yes"],
    ["conflict 0.0.0.0 --", "no"],
    ["conflict 0.0.0.0 any", "yes"],
    ["conflict --1 --", "yes"],
    ["conflict --1 --2", "no"],
    ["conflict --1 any", "yes"],
    ["conflict -- any", "yes"],
    ["conflict 127.0.0.1+1 127.0.0.1+2", "no"],
    ["conflict 127.0.0.1+1 127.0.0.1", "yes"],
    ["conflict 127.0.0.1+1 0.0.0.0+1", "no"],
    ["conflict any+1 127.0.0.1+7", "no"],
    // One that has waited shares nothing.
    ["conflict 127.0.0.1+100 127.0.0.1+1", "yes"],
    ["conflict 127.0.0.1+100 127.0.0.1+101", "yes"],
  ]));

const ONE = ".9042@127.0.0.1";
const TWO = "./.9042@127.0.0.1 127.0.0.1,127.0.0.2";
const SHARED = "./.9042@127.0.0.1+1 127.0.0.1+1,127.0.0.1+2";

Deno.test("a bind asks whom it must, and joins, is first, or is refused", { ignore }, () =>
  answers([
    ["bind - - - 127.0.0.1", "join first"],
    [`bind ${ONE} - ? 127.0.0.1`, "ask 127.0.0.1"],
    [`bind ${ONE} - + 127.0.0.1`, "refuse 127.0.0.1"],
    [`bind ${ONE} - x 127.0.0.1`, "join first"],
    [`bind ${ONE} - o 127.0.0.1`, "join first"],
    // The first one is asked in any case: PORT.sock may lead to a dead one.
    [`bind ${ONE} - ? 127.0.0.2`, "ask 127.0.0.1"],
    [`bind ${ONE} - + 127.0.0.2`, "join"],
    [`bind ${ONE} - x 127.0.0.2`, "join first"],
    [`bind ${ONE} - + 0.0.0.0`, "refuse 127.0.0.1"],
    [`bind ${ONE} - + --1`, "join"],
    [`bind ${TWO} +? 127.0.0.3`, "join"],
    [`bind ${TWO} +? 127.0.0.2`, "ask 127.0.0.2"],
    [`bind ${TWO} ++ any`, "refuse 127.0.0.1"],
    [`bind ${TWO} x? any`, "ask 127.0.0.2"],
    [`bind ${TWO} xx any`, "join first"],
    // Its file is there already: one of that name in the record was an older one's.
    [`bind ${ONE} - ? 127.0.0.1 bound`, "join first"],
    [`bind ${TWO} +? 127.0.0.2 bound`, "join"],
    [`bind ${SHARED} +? 127.0.0.1+3`, "join"],
    [`bind ${SHARED} +? 127.0.0.1`, "refuse 127.0.0.1+1"],
    // The target is one of them, if the record has lost it.
    ["bind ./.9042@127.0.0.9 127.0.0.1 ?? 127.0.0.9", "ask 127.0.0.9"],
    // Somebody's hand.
    ["bind ./.9042@127.0.0.1 - + 127.0.0.2", "refuse -"],
    ["bind ./.9042@127.0.0.1 127.0.0.1,,x + 127.0.0.2", "refuse -"],
  ]));

Deno.test("who leaves gives the port to a living one, if it led to him or to a dead one", { ignore }, () =>
  answers([
    [`leave ${ONE} - ? 127.0.0.1`, "goes"],
    [`leave ${ONE} - + 127.0.0.2`, "stays"],
    [`leave ${TWO} ?? 127.0.0.1`, "ask 127.0.0.2"],
    [`leave ${TWO} ?+ 127.0.0.1`, "127.0.0.2"],
    [`leave ${TWO} ?x 127.0.0.1`, "goes"],
    [`leave ${TWO} ?? 127.0.0.2`, "stays"],
    [`leave ${TWO} x? 127.0.0.2`, "goes"],
    ["leave - - - 127.0.0.1", "stays"],
    ["leave /somewhere - - 127.0.0.1", "stays"],
  ]));

Deno.test(
  "a client tries its address, the family's wildcard, the one of both, and nobody else",
  { ignore },
  () =>
    answers([
      ["connect - - 127.0.0.1 0", ""],
      [`connect ${ONE} - 127.0.0.1 0`, "127.0.0.1"],
      [`connect ${ONE} - 127.0.0.2 0`, ""],
      [`connect ${ONE} - 127.0.0.2 0 one`, "127.0.0.1"],
      ["connect .9042@0.0.0.0 - 127.0.0.2 0", "0.0.0.0"],
      ["connect .9042@0.0.0.0 - ::1 0", ""],
      ["connect .9042@-- - 127.0.0.1 0", ""],
      ["connect .9042@any - 127.0.0.1 0", "any"],
      ["connect .9042@any - ::1 0", "any"],
      ["connect ./.9042@0.0.0.0+1 0.0.0.0+1,127.0.0.1+1,any+1 127.0.0.1 0", "127.0.0.1+1 0.0.0.0+1 any+1"],
      ["connect ./.9042@--1 --1,--+1,--+2 ::1 1", "--1 --+2 --+1"],
      // Any of those that share an address is the first one.
      [`connect ${SHARED} 127.0.0.1 0`, "127.0.0.1+1 127.0.0.1+2"],
      [`connect ${SHARED} 127.0.0.1 5`, "127.0.0.1+2 127.0.0.1+1"],
      [`connect ${TWO} 127.0.0.9 0 one`, "127.0.0.1 127.0.0.2"],
    ]),
);

Deno.test("a record has all that may live, in the order in which they came", { ignore }, () =>
  answers([
    [`write ${TWO} ++ 127.0.0.3`, "127.0.0.1 127.0.0.2 127.0.0.3"],
    [`write ${TWO} x? 127.0.0.3`, "127.0.0.2 127.0.0.3"],
    [`write ${ONE} - + --1`, "127.0.0.1 --1"],
    [`without ${SHARED} o+ 127.0.0.1`, "127.0.0.1+2"],
  ]));

Deno.test("what is no name of a port's tells the command line nothing", () => {
  for (
    const name of [
      ".9042@",
      ".9042@~",
      ".9042@127.0.0.1+0",
      ".9042@127.0.0.1+",
      ".@127.0.0.1",
      ".70000@--1",
      ".9042@x.y",
    ]
  ) {
    assertStrictEquals(parseName(name), undefined, name);
  }
  assertEquals(parseName(".9042@any"), {
    port: 9042,
    address: { text: "::", forBoth: true },
    kind: "stream",
    hidden: false,
    first: false,
  });
});
