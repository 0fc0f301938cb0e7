/*
 * Fuzzes the readers of a directory's names, of the port link's text, and of the record of a port: other users may have
 * written them. The first byte is the kind; then come a name or the link's text, a newline, and the record.
 */
#include "../kernel.h"

#include "rules/port_name.h"
#include "rules/port_record.h"
#include "rules/settings.h"

#define PAIRS 6

static const char *name_in(const struct sockaddr_un *path) {
    return path->sun_path + unsock_settings.directory_length + 1;
}

/* Checks that a name that is read would be written the same. */
static void read_name(struct unsock_span name) {
    struct unsock_port_entry entry;
    struct sockaddr_un path;
    enum unsock_file_kind kind = unsock_file_name_read(name, &entry);
    if (kind == UNSOCK_FILE_NONE || kind == UNSOCK_FILE_INNER)
        return;
    struct unsock_port_key key = unsock_port_key_of(&entry);
    HOLDS(unsock_port_entry_is_plain(&entry) == (kind != UNSOCK_FILE_SOCKET));
    HOLDS(key.number > 0 && (key.type == SOCK_STREAM || key.type == SOCK_DGRAM));
    if (kind == UNSOCK_FILE_SOCKET || kind == UNSOCK_FILE_PORT)
        unsock_port_path(&entry, &path);
    else
        unsock_port_record_path(key, kind == UNSOCK_FILE_NEXT ? "~" : "", &path);
    HOLDS(unsock_span_is(name, name_in(&path)));
}

static bool read_link(struct unsock_span text, struct unsock_port *port) {
    char written[UNSOCK_PORT_LINK_MOST];
    bool ours = unsock_port_link_read(text, port->key, &port->first, &port->several);
    if (ours) {
        unsock_port_link_write(&port->first, port->several, written);
        HOLDS(unsock_span_is(text, written));
    }
    return ours;
}

static unsigned check_entries(const struct unsock_port *port) {
    const struct unsock_port_entry *entries = port->entries;
    HOLDS(port->count <= UNSOCK_PORT_ENTRIES);
    for (unsigned count = 0; count < port->count; count++) {
        const struct unsock_port_entry *entry = &entries[count];
        char written[UNSOCK_PORT_ENTRY_MOST], *end = unsock_port_entry_put(written, entry);
        HOLDS(end > written && end < written + sizeof written && entry->number <= UNSOCK_PORT_NUMBERS);
        HOLDS(unsock_port_find(port, entry) >= 0);
        for (unsigned i = 0; i < count && i < PAIRS; i++)
            HOLDS(unsock_port_conflict(entry, &entries[i]) == unsock_port_conflict(&entries[i], entry));
    }
    return port->count;
}

/* Each question is put once, and then there is an answer. */
static void decide_bind(struct unsock_port *port, unsigned count, uint8_t lives) {
    struct unsock_port_entry me = port->entries[0];
    if (lives & 1)
        unsock_port_forget(port, &me);
    for (unsigned asked = 0;; asked++) {
        struct unsock_port_joining joining = unsock_port_decide_bind(port, &me);
        if (joining.verdict != UNSOCK_PORT_ASK)
            return;
        HOLDS(joining.which >= 0 && (unsigned)joining.which < count && asked < count);
        HOLDS(port->life[joining.which] == UNSOCK_PORT_UNKNOWN);
        port->life[joining.which] = (uint8_t)(UNSOCK_PORT_ALIVE + (lives + asked) % 4);
    }
}

static void decide_leave(struct unsock_port *port, unsigned count, uint8_t lives) {
    static const uint8_t all[] = {UNSOCK_PORT_STALE, UNSOCK_PORT_GONE, UNSOCK_PORT_ALIVE};
    struct unsock_port_entry me = port->entries[0];
    memset(port->life, UNSOCK_PORT_UNKNOWN, sizeof port->life);
    for (unsigned asked = 0;; asked++) {
        struct unsock_port_leaving leaving = unsock_port_decide_leave(port, &me);
        HOLDS(leaving.heir < (int)count);
        if (!leaving.ask)
            return;
        HOLDS(asked < count && port->life[leaving.which] == UNSOCK_PORT_UNKNOWN);
        port->life[leaving.which] = all[(lives + asked) % sizeof all];
    }
}

/* A client tries none twice, and nobody of another family. */
static void connect_all(const struct unsock_port *port, unsigned count, uint8_t spread) {
    const struct unsock_ip target = {.bytes = {127, 0, 0, 1}, .family = AF_INET, .port = port->key.number};
    struct unsock_port_entry entry;
    unsigned tried = 0;
    while (unsock_port_candidate(port, &target, spread, false, tried, &entry))
        HOLDS(++tried <= count && unsock_port_find(port, &entry) >= 0);
}

/* The next record has all that may live, and is read as it was meant. */
static void write_again(struct unsock_port *port) {
    unsigned living = unsock_port_living(port);
    if (!unsock_port_write(port, NULL) || living == 0)
        return;
    size_t length = strlen(port->text);
    HOLDS(length < UNSOCK_PORT_RECORD_MOST);
    port->holder = UNSOCK_PORT_FOREIGN; /* nobody is added */
    unsock_port_take(port, length);
    HOLDS(!port->unreadable && unsock_port_living(port) == living);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_settings();
    if (size < 1)
        return 0;
    char *bytes = fuzz_exact(data + 1, size - 1);
    struct unsock_span record = {bytes, size - 1}, first = unsock_span_next(&record, '\n');
    struct unsock_port *port = calloc(1, sizeof *port);
    port->key = (struct unsock_port_key){9042, data[0] & 1 ? SOCK_DGRAM : SOCK_STREAM};
    read_name(first);
    if (read_link(first, port)) {
        size_t length = record.length < UNSOCK_PORT_RECORD_MOST ? record.length : 0;
        port->holder = UNSOCK_PORT_OURS;
        memcpy(port->text, record.at, length);
        unsock_port_take(port, port->several ? length : 0);
        unsigned count = check_entries(port);
        connect_all(port, count, data[0] >> 1);
        decide_bind(port, count, data[0] >> 1);
        decide_leave(port, count, data[0] >> 1);
        write_again(port);
    }
    free(port);
    free(bytes);
    return 0;
}
