/** Who is bound to a port, and what follows from that (`c/rules/port_name.c`, `c/rules/port_record.c`): tables. */
import { assertEquals } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

/** Each argument is a question in words, each line of output its answer. */
const HARNESS = `
#include "rules/file_name.h"
#include "rules/port_record.h"
#include "rules/settings.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct unsock_settings unsock_settings = {.directory = "/d", .directory_length = 2};
static struct unsock_port port;
static struct unsock_port_key key = {9042, SOCK_STREAM};
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
/* LINK RECORD LIVES: "-" for none. A life is one of ?, +, = (whose place is taken), x (dead), o (gone), in the order of the entries. */
static void read_port(char *link, char *record, const char *lives) {
    memset(&port, 0, sizeof(port));
    port.key = key;
    bool ours = unsock_port_link_read(span(link), key, &port.first, &port.several);
    port.holder = strcmp(link, "-") == 0 ? UNSOCK_PORT_NOBODY : ours ? UNSOCK_PORT_OURS : UNSOCK_PORT_FOREIGN;
    port.several &= ours;
    for (char *c = record; *c; c++) if (*c == ',') *c = ' ';
    size_t length = strcmp(record, "-") == 0 ? 0 : strlen(record);
    memcpy(port.text, record, length);
    unsock_port_take(&port, port.several ? length : 0);
    for (int i = 0; lives[i]; i++) port.life[i] = (uint8_t)(strchr("?+=xo", lives[i]) - "?+=xo");
}
static bool name_of(const struct unsock_port_entry *e, struct sockaddr_un *path) {
    struct unsock_port_key read_key;
    struct unsock_port_entry read;
    unsock_port_path(key, e, path);
    return unsock_port_name_read(span(path->sun_path + unsock_settings.directory_length + 1), &read_key, &read) &&
           read_key.number == key.number && read_key.type == key.type && unsock_port_same(e, &read);
}
static void ask(char *question) {
    char *w[8] = {0};
    int count = 0;
    for (char *word = strtok(question, " "); word && count < 8; word = strtok(NULL, " ")) w[count++] = word;
    if (!strcmp(w[0], "name")) {
        struct unsock_ip ip = ip_of(w[1]), back;
        struct sockaddr_un path;
        bool v6only;
        struct unsock_port_entry e = unsock_port_entry_of(&ip, atoi(w[2]), (uint8_t)atoi(w[3]));
        bool same = name_of(&e, &path);
        bool known = unsock_port_entry_ip(&e, &back, &v6only);
        bool wildcard6 = ip.family == AF_INET6 && unsock_ip_is_wildcard(&ip);
        printf("%s %s %s\\n", strrchr(path.sun_path, '/') + 1, same ? "read" : "NOT READ",
               !known ? "unknown" : unsock_ip_same_address(&ip, &back) && v6only == (wildcard6 && atoi(w[2])) ? "back" : "WRONG");
    } else if (!strcmp(w[0], "asking")) {
        struct unsock_ip any = ip_of(w[1]), target = ip_of(w[3]), back;
        struct unsock_port_entry e;
        struct sockaddr_un path;
        bool told = unsock_port_entry_asking(&any, atoi(w[2]), &target, &e), same = told && name_of(&e, &path);
        bool right = same && unsock_port_entry_asks(&e) && unsock_port_entry_target(&e, &back) &&
                     unsock_ip_same_address(&target, &back);
        printf("%s\\n", !told ? "untold" : right ? strrchr(path.sun_path, '/') + 1 : "WRONG");
    } else if (!strcmp(w[0], "entry")) {
        struct unsock_port_entry e, again;
        struct unsock_span rest = span(w[1]), text;
        if (!unsock_port_entry_next(&rest, &e) || rest.length > 0) {
            puts("none");
            return;
        }
        text = span(text_of(&e));
        bool same = unsock_port_entry_next(&text, &again) && unsock_port_same(&e, &again) && e.marks == again.marks;
        printf("%s %u %u%s\\n", e.address, e.marks, e.number, same && !strcmp(w[1], text_of(&e)) ? "" : " WRITTEN OTHERWISE");
    } else if (!strcmp(w[0], "link")) {
        struct unsock_port_entry e = entry(w[1]), read;
        char text[UNSOCK_PORT_LINK_MOST];
        bool several;
        unsock_port_link_write(key, &e, w[2] != NULL, text);
        bool same = unsock_port_link_read(span(text), key, &read, &several) && unsock_port_same(&e, &read);
        struct unsock_port_key other = {key.number, key.type == SOCK_DGRAM ? SOCK_STREAM : SOCK_DGRAM};
        printf("%s%s\\n", text, !same || several != (w[2] != NULL) ? " NOT READ" : unsock_port_link_read(span(text), other, &read, &several) ? " ANOTHER'S" : "");
    } else if (!strcmp(w[0], "what")) {
        static const char *kinds[] = {"none", "port", "socket", "record", "next", "inner"};
        struct unsock_port_key of;
        struct unsock_port_entry e;
        enum unsock_file_kind kind = unsock_file_name_read(span(w[1]), &of, &e);
        printf("%s %u%s\\n", kinds[kind], of.number, of.type == SOCK_DGRAM ? " udp" : "");
    } else if (!strcmp(w[0], "conflict")) {
        struct unsock_port_entry a = entry(w[1]), b = entry(w[2]);
        bool one = unsock_port_conflict(&a, &b);
        printf("%s\\n", one != unsock_port_conflict(&b, &a) ? "NOT SYMMETRIC" : one ? "yes" : "no");
    } else if (!strcmp(w[0], "bind")) {
        struct unsock_port_entry me = entry(w[4]);
        read_port(w[1], w[2], w[3]);
        struct unsock_port_joining j = unsock_port_decide_bind(&port, &me, w[5] != NULL);
        struct unsock_port_entry e = j.which >= 0 ? unsock_port_at(&port, (unsigned)j.which) : me;
        if (j.verdict == UNSOCK_PORT_JOIN) printf("join%s%s\\n", j.be_first ? " first" : "", j.shares ? " shares" : "");
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
    if (strstr(words[1], "udp")) key.type = SOCK_DGRAM;
    if (strstr(words[1], "long")) {
        memset(unsock_settings.directory, 'd', UNSOCK_DIR_MOST);
        unsock_settings.directory[0] = '/';
        unsock_settings.directory_length = UNSOCK_DIR_MOST;
    }
    for (int i = 2; i < count; i++) ask(words[i]);
    return 0;
}`;

const SOURCES = [
  "rules/file_name.c",
  "rules/kernel_name.c",
  "rules/address.c",
  "rules/port_record.c",
  "rules/port_entry.c",
  "rules/port_name.c",
  "rules/address_text.c",
  "rules/keyed_hash.c",
  "rules/ip.c",
  "rt/text.c",
  "rt/mem.c",
];

/** Asks all of them at once: of streams, or of datagram sockets. */
async function answers(table: readonly (readonly [string, string])[], kind: "tcp" | "udp" = "tcp"): Promise<void> {
  const output = await runHarness(HARNESS, SOURCES, kind, ...table.map(([question]) => question));
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
    [`bind ${SHARED} +? 127.0.0.1+3`, "join shares"],
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

Deno.test("a datagram socket's name tells that it is one, and a client's whom it asks", { ignore }, () =>
  answers([
    ["name 127.0.0.1 0 0", ".9042u@127.0.0.1 read back"],
    ["name :: 0 99", ".9042u@any+99 read back"],
    ["name 1:2:3:4:5:6:7:8 0 99", ".9042u@1-2-3-4-5-6-7-8+99 read back"],
    ["asking 0.0.0.0 0 127.0.0.2", ".9042u@0.0.0.0,127.0.0.2"],
    ["asking :: 0 127.0.0.2", ".9042u@any,127.0.0.2"],
    ["asking :: 1 2001:db8::5:ff", ".9042u@--,2001-db8--5-ff"],
    ["asking 0.0.0.0 0 0.0.0.0", "untold"],
    ["link 127.0.0.1", ".9042u@127.0.0.1"],
    ["link 0.0.0.0,127.0.0.2", ".9042u@0.0.0.0,127.0.0.2"],
    ["link --1*7 several", "./.9042u@--1+7"],
  ], "udp"));

Deno.test("a link to a port's first socket is read back, and is no other port's", { ignore }, () =>
  answers([
    ["link 127.0.0.1", ".9042@127.0.0.1"],
    ["link any several", "./.9042@any"],
    ["link 1-2-3-4-5-6-7-8+109", ".9042@1-2-3-4-5-6-7-8+109"],
  ]));

Deno.test("an entry of a record is read in one way, as it is written", { ignore }, () =>
  answers([
    ["entry 127.0.0.1", "127.0.0.1 0 0"],
    ["entry 127.0.0.1+1", "127.0.0.1 1 1"],
    ["entry 127.0.0.1*0", "127.0.0.1 2 0"],
    ["entry 127.0.0.1+*!99", "127.0.0.1 7 99"],
    // No mark: it has waited.
    ["entry 127.0.0.1+100", "127.0.0.1 0 100"],
    ["entry 0.0.0.0,127.0.0.2", "0.0.0.0,127.0.0.2 0 0"],
    ...[
      "127.0.0.1*100",
      "127.0.0.1+",
      "127.0.0.1*+1",
      "127.0.0.1+01",
      "127.0.0.1+110",
      "127.0.0.1/",
      "+1",
      "a".repeat(48),
    ]
      .map((text) => [`entry ${text}`, "none"] as const),
  ]));

Deno.test("a name in the directory is one thing, whatever is like it", { ignore }, () =>
  answers([
    ["what 9042.sock", "port 9042"],
    ["what 53.dgram.sock", "port 53 udp"],
    ["what .9042@127.0.0.1+3", "socket 9042"],
    ["what .53u@0.0.0.0,127.0.0.2", "socket 53 udp"],
    ["what .9042@", "record 9042"],
    ["what .53u@", "record 53 udp"],
    ["what .9042@~", "next 9042"],
    ["what .53u@~", "next 53 udp"],
    ["what .unsock.lock", "inner 0"],
    ["what .unsock.lock.12", "inner 0"],
    ["what .unsock.gone", "inner 0"],
    ...[
      "0.sock",
      "65536.sock",
      "080.sock",
      "80.sock.1",
      ".80.sock",
      "80.udp",
      ".53.dgram.sock.1",
      "53@127.0.0.1.dgram.sock",
      ".unsock.lock.",
      ".unsock.lock.x",
      ".@127.0.0.1",
      ".70000@--1",
      ".9042uu@--1",
      ".9042@127.0.0.1+0",
      ".9042@127.0.0.1*1",
      ".9042@127.0.0.1+",
      ".9042@127.0.0.1~",
    ].map((name) => [`what ${name}`, "none 0"] as const),
  ]));

const MARKED = "./.9042u@127.0.0.1+2 127.0.0.1*2,127.0.0.1*1";

Deno.test(
  "datagram sockets share an address where both have an option, whatever their names are",
  { ignore },
  () =>
    answers([
      ["conflict 127.0.0.1*1 127.0.0.1*2", "no"],
      ["conflict 127.0.0.1*0 0.0.0.0*0", "no"],
      ["conflict 127.0.0.1+1 127.0.0.1*2", "yes"],
      ["conflict 127.0.0.1+*1 127.0.0.1*2", "no"],
      ["conflict 127.0.0.1 127.0.0.1*1", "yes"],
      // Beside a client's port nobody else is bound.
      ["conflict 0.0.0.0,127.0.0.2 127.0.0.1", "yes"],
      ["conflict 0.0.0.0,127.0.0.2 --1", "yes"],
      ["bind .9042u@127.0.0.1 - + 127.0.0.1*0", "refuse 127.0.0.1"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 ? 127.0.0.1*0", "ask 127.0.0.1*0"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 + 127.0.0.1*0", "join shares"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 x 127.0.0.1*0", "join first"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 = 127.0.0.1", "join"],
      [`bind ${MARKED} +? 127.0.0.1*0`, "join shares"],
      [`bind ${MARKED} +? 127.0.0.1+0`, "refuse 127.0.0.1*2"],
      [`leave ${MARKED} ?+ 127.0.0.1*2`, "127.0.0.1*1"],
      [`leave ${MARKED} ?? 127.0.0.1*1`, "stays"],
    ], "udp"),
);

Deno.test(
  "a datagram goes to who is connected, to the latest with SO_REUSEADDR, to any with SO_REUSEPORT, last to clients",
  { ignore },
  () =>
    answers([
      [`connect ${MARKED} 127.0.0.1 5`, "127.0.0.1*1 127.0.0.1*2"],
      [
        "connect ./.9042u@127.0.0.1+1 127.0.0.1*1,127.0.0.1*2,127.0.0.1*!3 127.0.0.1 0",
        "127.0.0.1*!3 127.0.0.1*2 127.0.0.1*1",
      ],
      ["connect ./.9042u@127.0.0.1+1 127.0.0.1+1,127.0.0.1+2 127.0.0.1 1", "127.0.0.1+2 127.0.0.1+1"],
      ["connect .9042u@0.0.0.0,127.0.0.2 - 127.0.0.9 0", "0.0.0.0,127.0.0.2"],
      ["connect .9042u@any,127.0.0.2 - ::1 0", "any,127.0.0.2"],
    ], "udp"),
);
