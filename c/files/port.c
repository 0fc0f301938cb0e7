/* A port's names in the directory. */
#include "files/port.h"

#include "files/inside.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/table.h"
#include "rt/text.h"
#include "rules/address.h"
#include "rules/port_name.h"
#include "rules/port_record.h"

#include <linux/mman.h>

#define PAGE 4096
#define NEXT "~"             /* .PORT@~: a link before it is renamed, or what was exchanged for it */
#define RENAME_NO_REPLACE 1u /* renameat2(2) */
#define RENAME_EXCHANGED 2u

/* Whoever has it: a thread, or a handler that has interrupted it, or a child of vfork. */
static UNSOCK_TABLE struct unsock_port own_port;
static bool borrowed;

struct unsock_port *unsock_port_borrow(void) {
    if (!__atomic_exchange_n(&borrowed, true, __ATOMIC_ACQUIRE))
        return &own_port;
    long memory = unsock_sys(__NR_mmap, 0, sizeof(struct unsock_port), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory < 0 && memory > -PAGE ? NULL : (struct unsock_port *)memory;
}

void unsock_port_return(struct unsock_port *port) {
    if (port == &own_port)
        __atomic_store_n(&borrowed, false, __ATOMIC_RELEASE);
    else if (port)
        unsock_sys(__NR_munmap, port, sizeof(*port));
}

enum unsock_port_holder unsock_port_look(uint16_t number, struct unsock_port_entry *first, bool *several) {
    struct sockaddr_un path;
    char text[UNSOCK_PORT_LINK_MOST];
    *several = false;
    unsock_address_path(number, SOCK_STREAM, &path);
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, path.sun_path, text, sizeof(text));
    if (length < 0)
        return length == -ENOENT ? UNSOCK_PORT_NOBODY : UNSOCK_PORT_FOREIGN;
    struct unsock_span span = {text, (size_t)length};
    bool ours = length < (long)sizeof(text) && unsock_port_link_read(span, number, first, several);
    return ours ? UNSOCK_PORT_OURS : UNSOCK_PORT_FOREIGN;
}

/* Returns its length; 0: there is none, or it does not fit. */
static size_t read_record(uint16_t number, char *text) {
    struct sockaddr_un path;
    unsock_port_record_path(number, "", &path);
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, path.sun_path, text, UNSOCK_PORT_RECORD_MOST);
    return length < 0 || length == UNSOCK_PORT_RECORD_MOST ? 0 : (size_t)length;
}

void unsock_port_read(struct unsock_port *port, uint16_t number) {
    port->number = number;
    port->first = (struct unsock_port_entry){.number = 0};
    port->holder = (uint8_t)unsock_port_look(number, &port->first, &port->several);
    port->several &= port->holder == UNSOCK_PORT_OURS;
    unsock_port_take(port, port->several ? read_record(number, port->text) : 0);
}

enum unsock_port_life unsock_port_ask(long probe, uint16_t number, const struct unsock_port_entry *entry) {
    struct sockaddr_un path;
    socklen_t length = unsock_port_path(number, entry, &path);
    return unsock_socketfile_life(probe, &path, length);
}

/* In one step, in the place of an old one where there is one. */
static long put_link(uint16_t number, const char *path, const char *text, bool there) {
    struct sockaddr_un next;
    if (!there)
        return unsock_inside_symlink(text, path);
    unsock_port_record_path(number, NEXT, &next);
    long result = unsock_inside_symlink(text, next.sun_path);
    if (result == -EEXIST) { /* of one who was killed */
        unsock_inside_unlink(next.sun_path);
        result = unsock_inside_symlink(text, next.sun_path);
    }
    if (result < 0)
        return result;
    result = unsock_inside_rename(next.sun_path, path);
    if (result < 0)
        unsock_inside_unlink(next.sun_path);
    return result;
}

long unsock_port_put_first(uint16_t number, const struct unsock_port_entry *first, bool several, bool there) {
    struct sockaddr_un path;
    char text[UNSOCK_PORT_LINK_MOST];
    unsock_address_path(number, SOCK_STREAM, &path);
    unsock_port_link_write(number, first, several, text);
    return put_link(number, path.sun_path, text, there);
}

long unsock_port_put_record(struct unsock_port *port, const struct unsock_port_entry *me) {
    struct sockaddr_un path;
    if (!unsock_port_write(port, me))
        return -EADDRINUSE;
    unsock_port_record_path(port->number, "", &path);
    long result = put_link(port->number, path.sun_path, port->fresh, port->several);
    /* One is there of a process that was killed before it counted. */
    return result == -EEXIST ? put_link(port->number, path.sun_path, port->fresh, true) : result;
}

long unsock_port_unlink_first(uint16_t number) {
    struct sockaddr_un path;
    struct unsock_port_entry first;
    bool several;
    unsock_address_path(number, SOCK_STREAM, &path);
    long result = unsock_inside_unlink(path.sun_path);
    /* Two answers decide: a "./" that stayed unseen would be without its record. */
    return result == -ENOENT && unsock_port_look(number, &first, &several) == UNSOCK_PORT_NOBODY ? 0 : result;
}

void unsock_port_unlink_record(uint16_t number) {
    struct sockaddr_un path;
    unsock_port_record_path(number, "", &path);
    unsock_inside_unlink(path.sun_path);
}

void unsock_port_unlink(uint16_t number, const struct unsock_port_entry *entry) {
    struct sockaddr_un path;
    unsock_port_path(number, entry, &path);
    unsock_inside_unlink(path.sun_path);
}

void unsock_port_unlink_dead(const struct unsock_port *port, const struct unsock_port_entry *me) {
    struct unsock_span rest = unsock_port_all(port);
    struct unsock_port_entry entry;
    for (unsigned i = 0; unsock_port_entry_next(&rest, &entry); i++) {
        if (port->life[i] == UNSOCK_PORT_DEAD && !unsock_port_same(&entry, me))
            unsock_port_unlink(port->number, &entry);
    }
}

long unsock_port_replace_foreign(uint16_t number, const struct unsock_port_entry *first, long probe) {
    struct sockaddr_un path, aside;
    char text[UNSOCK_PORT_LINK_MOST];
    unsock_address_path(number, SOCK_STREAM, &path);
    unsock_port_record_path(number, NEXT, &aside);
    unsock_port_link_write(number, first, false, text);
    unsock_inside_unlink(aside.sun_path);
    long result = unsock_inside_symlink(text, aside.sun_path);
    if (result == 0)
        result = unsock_inside_rename_with(aside.sun_path, path.sun_path, RENAME_EXCHANGED);
    socklen_t length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(aside.sun_path) + 1);
    if (result == 0 &&
        (unsock_file_inode(aside.sun_path) <= 0 || unsock_socketfile_life(probe, &aside, length) != UNSOCK_PORT_DEAD)) {
        /* What has gone from there meanwhile, is not missed. */
        if (unsock_inside_rename_with(aside.sun_path, path.sun_path, RENAME_EXCHANGED) < 0)
            unsock_inside_rename_with(aside.sun_path, path.sun_path, RENAME_NO_REPLACE);
        result = -EAGAIN;
    }
    unsock_inside_unlink(aside.sun_path);
    return result == -ENOENT ? -EAGAIN : result;
}
