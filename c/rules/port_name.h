/* Names of a port: in the directory, in a record, in a client's own name, in the kernel. */
#ifndef UNSOCK_RULES_PORT_NAME_H
#define UNSOCK_RULES_PORT_NAME_H

#include "rules/ip.h"

/*
 * port_entry.c: A socket of a port, as its name and the record tell it: an address as text, '-' for each colon; "--" is
 * [::] for IPv6 alone, "any" [::] for both families. Where that would be too long for a socket's path, five characters
 * stand for an address. A datagram client that asks another address than the default one tells it behind its own:
 * "0.0.0.0,127.0.0.2". Pure.
 *
 * In the record that is ADDR, or ADDR, marks and a number: '+' has SO_REUSEPORT; '*' has SO_REUSEADDR and is a datagram
 * socket, or a reserved stream (memory/fds.h); '!' is connected to one client.
 */

#ifndef UNSOCK_PORT_ADDRESS_MOST
#define UNSOCK_PORT_ADDRESS_MOST 48 /* bytes of an address as text, with its NUL; a proof has fewer */
#endif
#define UNSOCK_PORT_ENTRY_MOST 56 /* with marks and a number */
#define UNSOCK_PORT_SHARERS 99    /* numbers of sockets that share one address: 1 to this */
#define UNSOCK_PORT_WAITING 100   /* the first number of a stream that waits, or is reserved */
#define UNSOCK_PORT_NUMBERS 109   /* the last number of all */

enum {
    UNSOCK_PORT_REUSEPORT = 1 << 0, /* '+' */
    UNSOCK_PORT_REUSEADDR = 1 << 1, /* '*' */
    UNSOCK_PORT_CONNECTED = 1 << 2, /* '!': is tried before others on its address */
    UNSOCK_PORT_SHARES = UNSOCK_PORT_REUSEPORT | UNSOCK_PORT_REUSEADDR,
};

/* A socket of a port, as its name and the record tell it. */
struct unsock_port_entry {
    uint8_t number; /* 0: the address's first one */
    uint8_t marks;
    char address[UNSOCK_PORT_ADDRESS_MOST];
};

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, bool v6only, uint8_t number);

/* A datagram client on a wildcard that asks `target`. False where it asks nobody, or its name would be too long. */
bool unsock_port_entry_asking(const struct unsock_ip *any, bool v6only, const struct unsock_ip *target,
                              struct unsock_port_entry *entry);

/* True if it is such a client; and if the address that it asked, `target` (without a port), is known for certain. */
bool unsock_port_entry_asks(const struct unsock_port_entry *entry);
bool unsock_port_entry_target(const struct unsock_port_entry *entry, struct unsock_ip *target);

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b);
bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* True if TCP and UDP would let only one of them be bound, if neither shared its address. */
bool unsock_port_overlap(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* True if they let only one of them be bound. Callers check that sockets that share an address are of one user. */
bool unsock_port_conflict(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/*
 * Cuts an entry of the record, and the blank behind it, off the front. False at the end, and at what is none: *rest is
 * not empty then.
 */
bool unsock_port_entry_next(struct unsock_span *rest, struct unsock_port_entry *entry);

void unsock_port_entry_put(struct unsock_text *text, const struct unsock_port_entry *entry);

/* Five characters may stand for several addresses: then the family alone is right, and it returns false. */
bool unsock_port_entry_ip(const struct unsock_port_entry *entry, struct unsock_ip *ip, bool *v6only);

/*
 * The values of unsock_fd.local.tag, for the name that a socket is bound by: its number, with V6ONLY for a [::] that
 * takes no IPv4, or one of the other three.
 */
enum unsock_name_tag {
    UNSOCK_NAME_TAG_ASKING = 0x7d,     /* that of a datagram client that asks */
    UNSOCK_NAME_TAG_PLAIN = 0x7e,      /* PORT.sock itself */
    UNSOCK_NAME_TAG_V6ONLY = 0x80,     /* a bit */
    UNSOCK_NAME_TAG_LISTEN_FDS = 0xfd, /* a service manager has opened the socket, and its file is none of ours */
};

/* The number and the family of [::] in one byte, for where the address is known; and back. */
uint8_t unsock_port_tag(bool v6only, uint8_t number);
struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip);

/* True if a socket's path has room for an address as text of this length. */
bool unsock_port_entry_fits(size_t length);

/*
 * port_name.c: The names of a port's sockets. PORT.sock and .PORT@ADDR are a stream's, PORT.dgram.sock and .PORTu@ADDR
 * those of a datagram socket; ADDR is written as above. Pure.
 *   - .PORT@ADDR: a socket's own file. Only a socket on ADDR is ever bound by it.
 *   - .PORT@ADDR+N: the same of one that shares its address; of a stream that waits or is reserved, from
 *     UNSOCK_PORT_WAITING on.
 *   - PORT.sock: a link to the port's only socket, or to its first one ("./" before the name). Plain clients follow it.
 *     PORT.dgram.sock itself is the file of a client that has no other name.
 *   - .PORT@: a link that leads nowhere: the record of all of them, where there are several, or one shares.
 *   - .PORT@~: the next text of a link, before its rename.
 *
 * This is protocol 1, which no name says. A library with another one begins the text of PORT.sock and of the record
 * with '#' and its number, as in "#2 127.0.0.1". No entry begins so: libraries of other protocols leave such a port
 * alone.
 */

#define UNSOCK_PORT_LINK_MOST 64 /* what PORT.sock says, with its NUL */

/* Which port: of streams or of datagrams. */
struct unsock_port_key {
    uint16_t number;
    uint8_t type; /* SOCK_STREAM or SOCK_DGRAM */
};

/* Writes the name of a port for plain Unix programs: DIR/PORT.sock (SOCK_STREAM) or DIR/PORT.dgram.sock. Returns the
 * length, as the next two do. */
socklen_t unsock_address_path(uint16_t port, int type, struct sockaddr_un *path);

/* Writes DIR/.PORT@ADDR[+N]. */
socklen_t unsock_port_path(struct unsock_port_key key, const struct unsock_port_entry *entry, struct sockaddr_un *path);

/* The same of who is alone on an address of IPv4 or its wildcard: what nearly every connect and datagram needs. */
socklen_t unsock_port_path4(struct unsock_port_key key, const struct unsock_ip *ip, struct sockaddr_un *path);

/* Writes DIR/.PORT@ and `end` behind it. */
void unsock_port_record_path(struct unsock_port_key key, const char *end, struct sockaddr_un *path);

/* Reads the name .PORT@ADDR[+N] in the directory. */
bool unsock_port_name_read(struct unsock_span name, struct unsock_port_key *key, struct unsock_port_entry *entry);

/* Reads the name of a record, .PORT@ or .PORT@~. */
bool unsock_port_record_name_read(struct unsock_span name, struct unsock_port_key *key, bool *next);

/* True if this is the text of a link that a library with another protocol has made. */
bool unsock_port_is_of_another_protocol(struct unsock_span text);

/* True if the path is one of these names, and not PORT.sock. */
bool unsock_port_is_own_path(const struct sockaddr_un *path);

/* Writes the text of PORT.sock's link (NUL-terminated, UNSOCK_PORT_LINK_MOST bytes); reads it: false for another's. */
void unsock_port_link_write(struct unsock_port_key key, const struct unsock_port_entry *first, bool several,
                            char *buffer);
bool unsock_port_link_read(struct unsock_span text, struct unsock_port_key key, struct unsock_port_entry *first,
                           bool *several);

/* kernel_name.c: Reads names in the directory of the socket files. */

enum unsock_file_kind {
    UNSOCK_FILE_NONE,   /* nothing of ours */
    UNSOCK_FILE_PORT,   /* PORT.sock, PORT.dgram.sock */
    UNSOCK_FILE_SOCKET, /* .PORT@ADDR[+N]: `entry` is whose */
    UNSOCK_FILE_RECORD, /* .PORT@ */
    UNSOCK_FILE_NEXT,   /* .PORT@~ */
    UNSOCK_FILE_INNER,  /* of no port: the lock's file, and one that is set aside before it is removed */
};

enum unsock_file_kind unsock_file_name_read(struct unsock_span name, struct unsock_port_key *key,
                                            struct unsock_port_entry *entry);

/* ".unsock.lock.N": a lock's file before it has its name (files/lock.c). */
bool unsock_file_name_is_unfinished_lock(struct unsock_span name);

/* ".unsock-" and 16 digits: a control file before it has its name (program/control_write.c). */
#define UNSOCK_FILE_CONTROL_PART ".unsock-"
#define UNSOCK_FILE_CONTROL_DIGITS 16
bool unsock_file_name_is_unfinished_control(struct unsock_span name);

/* Reads the names of kernel sockets, and makes the name that a client gets. Pure. */

/* A kernel name, as it was read. */
struct unsock_name {
    enum { UNSOCK_NAME_NONE, UNSOCK_NAME_FOREIGN, UNSOCK_NAME_FILE, UNSOCK_NAME_STREAM } kind;
    uint16_t port;                  /* FILE: the port; type says which kind of file */
    int type;                       /* FILE: SOCK_STREAM or SOCK_DGRAM */
    bool own;                       /* FILE: it tells the address; else it is PORT.sock or PORT.dgram.sock */
    bool address_known;             /* own: the name tells all of `address`; else its family alone */
    bool v6only;                    /* own: of [::], for IPv6 alone */
    struct unsock_ip address;       /* own: by which the socket was bound */
    struct unsock_port_entry entry; /* own: what the name says */
    struct unsock_ip source;        /* STREAM: the client's address */
    struct unsock_ip target;        /* STREAM: the address that the client connected to; FILE: whom a datagram client
                                       asked, family 0 where that is not told */
};

/*
 * Reads a sockaddr_un of `length` bytes as the kernel gave it: NONE for an unnamed socket, FILE for a socket file in
 * the directory, STREAM for a client's abstract name, FOREIGN for everything else.
 */
struct unsock_name unsock_kernel_name_read(const struct sockaddr_un *address, size_t length);

/* A file's name in the directory (rules/port_name.h): PORT.sock, PORT.dgram.sock, or one that tells an address. False
 * for any other. */
bool unsock_kernel_name_read_file(struct unsock_span name, struct unsock_name *result);

/*
 * Reads a path through whatever directory as if that were ours: only its end counts. `file` gets the name of the file.
 * False for what is none of ours in any directory.
 */
bool unsock_kernel_name_read_anywhere(const struct sockaddr_un *address, size_t length, struct unsock_name *result,
                                      struct unsock_span *file);

/* STREAM alone: false for any other name, with both addresses undefined. */
bool unsock_kernel_name_read_stream(const struct sockaddr_un *address, size_t length, struct unsock_ip *source,
                                    struct unsock_ip *target);

/*
 * The abstract name that a connecting stream socket binds: "\0unsock SOURCE TARGET", both ADDRESS:PORT in hexadecimal,
 * as in "7f000001:9c40", and then `directory`. The server reads the true peer address from it; in one directory it is
 * unique as a TCP connection's four-tuple is. Returns the length.
 */
socklen_t unsock_kernel_name_stream(const struct unsock_ip *source, const struct unsock_ip *target, uint64_t directory,
                                    struct sockaddr_un *name);

/* The same name with a hash of it under `key` in the place of the directory. */
socklen_t unsock_kernel_name_keyed(const struct unsock_ip *source, const struct unsock_ip *target,
                                   const uint64_t key[2], struct sockaddr_un *name);

#endif
