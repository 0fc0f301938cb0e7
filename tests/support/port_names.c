/* Calls the pure functions about port names: each argument is a question, each line of output its answer. */
#include "rules/port_name.h"
#include "rules/port_record.h"
#include "rules/settings.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unsock_settings unsock_settings = {.directory = "/d", .directory_length = 2};
static struct unsock_port port;
static struct unsock_port_key key = {9042, SOCK_STREAM};
static struct unsock_span span(const char *text) {
    return (struct unsock_span){text, strlen(text)};
}

static struct unsock_port_entry entry(const char *text) {
    struct unsock_port_entry entry;
    struct unsock_span rest = span(text);
    if (!unsock_port_entry_next(&rest, &entry) || rest.length > 0)
        exit(3);
    unsock_port_entry_at(&entry, key);
    return entry;
}

static const char *text_of(const struct unsock_port_entry *entry) {
    static char buffer[UNSOCK_PORT_ENTRY_MOST];
    *unsock_port_entry_put(buffer, entry) = '\0';
    return buffer;
}

static struct unsock_ip ip_of(const char *text) {
    struct unsock_ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET, .port = 9042};
    if (inet_pton(ip.family, text, ip.bytes) != 1)
        exit(4);
    return ip;
}

/* LINK RECORD LIVES: "-" for none. A life is one of ?, +, = (whose place is taken), x (dead), o (gone), in the order of
 * the entries. */
static void read_port(char *link, char *record, const char *lives) {
    memset(&port, 0, sizeof(port));
    port.key = key;
    bool ours = unsock_port_link_read(span(link), key, &port.first, &port.several);
    port.holder = strcmp(link, "-") == 0 ? UNSOCK_PORT_NOBODY : ours ? UNSOCK_PORT_OURS : UNSOCK_PORT_FOREIGN;
    port.several &= ours;
    for (char *c = record; *c; c++)
        if (*c == ',')
            *c = ' ';
    size_t length = strcmp(record, "-") == 0 ? 0 : strlen(record);
    memcpy(port.text, record, length);
    unsock_port_take(&port, port.several ? length : 0);
    for (int i = 0; lives[i]; i++)
        port.life[i] = (uint8_t)(strchr("?+=xo", lives[i]) - "?+=xo");
}

static bool name_of(const struct unsock_port_entry *e, struct sockaddr_un *path, struct unsock_port_entry *read) {
    unsock_port_path(e, path);
    return unsock_port_name_read(span(path->sun_path + unsock_settings.directory_length + 1), read) &&
           read->ip.port == key.number && read->type == key.type && unsock_port_same(e, read);
}

static void ask(char *question) {
    char *w[8] = {0};
    int count = 0;
    for (char *word = strtok(question, " "); word && count < 8; word = strtok(NULL, " "))
        w[count++] = word;
    if (!strcmp(w[0], "name")) {
        struct unsock_ip ip = ip_of(w[1]);
        struct sockaddr_un path;
        struct unsock_port_entry e = unsock_port_entry_of(&ip, key.type, atoi(w[2]), (uint8_t)atoi(w[3])), read;
        bool same = name_of(&e, &path, &read);
        bool wildcard6 = ip.family == AF_INET6 && unsock_ip_is_wildcard(&ip);
        printf("%s %s %s\n", strrchr(path.sun_path, '/') + 1, same ? "read" : "NOT READ",
               read.form == UNSOCK_PORT_HASHED                                                     ? "unknown"
               : unsock_ip_same_address(&ip, &read.ip) && read.v6only == (wildcard6 && atoi(w[2])) ? "back"
                                                                                                   : "WRONG");
    } else if (!strcmp(w[0], "asking")) {
        struct unsock_ip any = ip_of(w[1]), target = ip_of(w[3]);
        struct unsock_port_entry e = unsock_port_entry_of(&any, key.type, atoi(w[2]), 0), read;
        struct sockaddr_un path;
        bool told = unsock_port_entry_ask(&e, &target), same = told && name_of(&e, &path, &read);
        bool right = same && unsock_port_entry_asks(&read) && unsock_ip_same_address(&target, &read.target);
        printf("%s\n", !told ? "untold" : right ? strrchr(path.sun_path, '/') + 1 : "WRONG");
    } else if (!strcmp(w[0], "entry")) {
        struct unsock_port_entry e, again;
        struct unsock_span rest = span(w[1]), text;
        if (!unsock_port_entry_next(&rest, &e) || rest.length > 0) {
            puts("none");
            return;
        }
        text = span(text_of(&e));
        bool same = unsock_port_entry_next(&text, &again) && unsock_port_same(&e, &again) && e.marks == again.marks;
        char address[UNSOCK_PORT_ENTRY_MOST];
        *unsock_port_entry_put(address, &(struct unsock_port_entry){
                                            .form = e.form,
                                            .v6only = e.v6only,
                                            .ip = e.ip,
                                            .target = e.target,
                                        }) = '\0';
        printf("%s %u %u%s\n", address, e.marks, e.number,
               same && !strcmp(w[1], text_of(&e)) ? "" : " WRITTEN OTHERWISE");
    } else if (!strcmp(w[0], "link")) {
        struct unsock_port_entry e = entry(w[1]), read;
        char text[UNSOCK_PORT_LINK_MOST];
        bool several;
        unsock_port_link_write(&e, w[2] != NULL, text);
        bool same = unsock_port_link_read(span(text), key, &read, &several) && unsock_port_same(&e, &read);
        struct unsock_port_key other = {key.number, key.type == SOCK_DGRAM ? SOCK_STREAM : SOCK_DGRAM};
        printf("%s%s\n", text,
               !same || several != (w[2] != NULL)                          ? " NOT READ"
               : unsock_port_link_read(span(text), other, &read, &several) ? " ANOTHER'S"
                                                                           : "");
    } else if (!strcmp(w[0], "what")) {
        static const char *kinds[] = {"none", "port", "socket", "record", "next", "inner"};
        struct unsock_port_entry e;
        enum unsock_file_kind kind = unsock_file_name_read(span(w[1]), &e);
        printf("%s %u%s\n", kinds[kind], e.ip.port, e.type == SOCK_DGRAM ? " udp" : "");
    } else if (!strcmp(w[0], "conflict")) {
        struct unsock_port_entry a = entry(w[1]), b = entry(w[2]);
        bool one = unsock_port_conflict(&a, &b);
        printf("%s\n", one != unsock_port_conflict(&b, &a) ? "NOT SYMMETRIC" : one ? "yes" : "no");
    } else if (!strcmp(w[0], "bind")) {
        struct unsock_port_entry me = entry(w[4]);
        read_port(w[1], w[2], w[3]);
        if (w[5])
            unsock_port_forget(&port, &me);
        struct unsock_port_joining j = unsock_port_decide_bind(&port, &me);
        struct unsock_port_entry e = j.which >= 0 ? port.entries[j.which] : me;
        if (j.verdict == UNSOCK_PORT_JOIN)
            printf("join%s%s%s\n", j.be_first ? " first" : "", j.shares ? " shares" : "",
                   j.beside    ? " beside"
                   : j.records ? " records"
                               : "");
        else
            printf("%s %s\n", j.verdict == UNSOCK_PORT_ASK ? "ask" : "refuse", j.which < 0 ? "-" : text_of(&e));
    } else if (!strcmp(w[0], "leave")) {
        struct unsock_port_entry me = entry(w[4]);
        read_port(w[1], w[2], w[3]);
        struct unsock_port_leaving l = unsock_port_decide_leave(&port, &me);
        int index = l.ask ? l.which : l.heir;
        struct unsock_port_entry e = index >= 0 ? port.entries[index] : me;
        printf("%s%s\n", l.ask ? "ask " : "",
               index == UNSOCK_PORT_HEIR_STAYS ? "stays"
               : index < 0                     ? "goes"
                                               : text_of(&e));
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
        printf("%s%s\n", fits ? "" : "too long: ", port.text);
    }
}

int main(int count, char **words) {
    if (strstr(words[1], "udp"))
        key.type = SOCK_DGRAM;
    if (strstr(words[1], "long")) {
        memset(unsock_settings.directory, 'd', UNSOCK_DIR_MOST);
        unsock_settings.directory[0] = '/';
        unsock_settings.directory_length = UNSOCK_DIR_MOST;
    }
    for (int i = 2; i < count; i++)
        ask(words[i]);
    return 0;
}
