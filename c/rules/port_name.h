/* The names of a port's sockets: in the directory, in a record, in the kernel, and as users write them. */
#ifndef UNSOCK_RULES_PORT_NAME_H
#define UNSOCK_RULES_PORT_NAME_H

#include "rules/ip.h"

/* port_name.c: Makes, compares, writes and reads names. Pure.
 *
 * ADDR in a name is an address as text, with '-' for each colon. "--" is [::] for IPv6 alone, "any" is [::] for both
 * families. If the path would be too long for a socket, ADDR has five characters (rules/ip.h). If a datagram client
 * that is bound to a wildcard sends to a non-default address, ADDR is the client's own address and the target's:
 * "0.0.0.0,127.0.0.2". The code says that such a client asks.
 *
 * An entry in the record is ADDR alone, or ADDR, marks and a number. The marks:
 *   - '+': the socket has SO_REUSEPORT. In front of a number of at least UNSOCK_PORT_RESERVED, '+' is no mark.
 *   - '*': it has SO_REUSEADDR, and is a datagram socket, or a stream that only reserves its port (since a shutdown).
 *   - '!': it is a datagram socket that is connected to one client. */

#ifndef UNSOCK_PORT_ADDRESS_MOST
#define UNSOCK_PORT_ADDRESS_MOST 48 /* bytes of ADDR, with its NUL; a proof uses fewer */
#endif
#define UNSOCK_PORT_ENTRY_MOST 56 /* bytes of an entry: ADDR, marks and a number */
#define UNSOCK_PORT_SHARERS 99    /* sockets that share an address have numbers from 1 to this */
#define UNSOCK_PORT_RESERVED 100  /* the first number of a reserved stream */
#define UNSOCK_PORT_NUMBERS 109   /* the highest number */

enum {
    UNSOCK_PORT_REUSEPORT = 1 << 0, /* '+' */
    UNSOCK_PORT_REUSEADDR = 1 << 1, /* '*' */
    UNSOCK_PORT_CONNECTED = 1 << 2, /* '!': clients try it before others on its address */
    UNSOCK_PORT_SHARES = UNSOCK_PORT_REUSEPORT | UNSOCK_PORT_REUSEADDR,
};

/* How the name shows the address. SHORT: in five characters. HASHED: in five characters that may mean several. */
enum unsock_port_form { UNSOCK_PORT_WHOLE, UNSOCK_PORT_SHORT, UNSOCK_PORT_HASHED };

/* A port, of streams or of datagrams. */
struct unsock_port_key {
    uint16_t number;
    uint8_t type; /* SOCK_STREAM or SOCK_DGRAM */
};

/* A socket of a port, as its name and the record show it. */
struct unsock_port_entry {
    uint8_t number; /* 0: none, because no other socket shares the address */
    uint8_t marks;
    unsigned form : 4;       /* enum unsock_port_form */
    unsigned type : 4;       /* SOCK_STREAM or SOCK_DGRAM */
    bool v6only;             /* [::] for IPv6 alone; false for all other addresses */
    struct unsock_ip ip;     /* with the port. HASHED: the family, and in words[0] the bits of the five characters */
    struct unsock_ip target; /* the target that a datagram client's name shows, without a port; family 0: none */
};

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, int type, bool v6only, uint8_t number);

static inline struct unsock_port_key unsock_port_key_of(const struct unsock_port_entry *entry) {
    return (struct unsock_port_key){entry->ip.port, entry->type};
}

static inline void unsock_port_entry_at(struct unsock_port_entry *entry, struct unsock_port_key key) {
    entry->ip.port = key.number;
    entry->type = key.type & 15;
}

/* True if the name is PORT.sock itself, or PORT.dgram.sock: it shows no address. */
static inline bool unsock_port_entry_is_plain(const struct unsock_port_entry *entry) {
    return entry->ip.family == 0;
}

/* True if the name shows the one address to which the socket is bound. */
bool unsock_port_entry_tells(const struct unsock_port_entry *entry);

/* Adds `target` to a datagram client's entry, whose name then shows it: the client asks. False, without a change, if
 * the client is not bound to a wildcard, if `target` is a wildcard or none, or if the name would be too long. */
bool unsock_port_entry_ask(struct unsock_port_entry *entry, const struct unsock_ip *target);

static inline bool unsock_port_entry_asks(const struct unsock_port_entry *entry) {
    return entry->target.family != 0;
}

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b);
bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* True if the addresses overlap: in TCP and UDP, two sockets on them exclude each other, unless both have the mark
 * REUSEPORT or both have REUSEADDR. Ignores these marks. */
bool unsock_port_overlap(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* True if only one of the two sockets can be bound, provided that both belong to one user. */
bool unsock_port_conflict(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* Cuts an entry, and the blank behind it, off the front of a record. Returns false at the end of the record. Also
 * returns false for text that is no entry; in this case *rest is not empty. */
bool unsock_port_entry_next(struct unsock_span *rest, struct unsock_port_entry *entry);

/* Writes the entry, in fewer than UNSOCK_PORT_ENTRY_MOST bytes, without a NUL. Returns the end. */
char *unsock_port_entry_put(char *at, const struct unsock_port_entry *entry);

/* The values of unsock_fd.local.tag, which stands for the name of a socket: ASKING, PLAIN or LISTEN_FDS; or else the
 * number in the name, with the bit V6ONLY if the address is [::] for IPv6 alone. */
enum unsock_name_tag {
    UNSOCK_NAME_TAG_ASKING = 0x7d,     /* of a datagram client whose name shows its target (it asks) */
    UNSOCK_NAME_TAG_PLAIN = 0x7e,      /* PORT.sock itself */
    UNSOCK_NAME_TAG_V6ONLY = 0x80,     /* a bit */
    UNSOCK_NAME_TAG_LISTEN_FDS = 0xfd, /* a service manager opened the socket; its file is not the library's */
};

/* Return the tag for an entry; and the entry for an address with a tag. */
uint8_t unsock_port_tag(const struct unsock_port_entry *entry);
struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip, int type);

/* Names in the directory: for streams PORT.sock and .PORT@ADDR, for datagram sockets PORT.dgram.sock and .PORTu@ADDR.
 *   - .PORT@ADDR: a socket's own file. Only a socket on ADDR is ever bound to it (HASHED: on one of several addresses).
 *   - .PORT@ADDR+N: the file of a socket that shares its address; for N >= UNSOCK_PORT_RESERVED, of a reserved stream.
 *   - PORT.sock: a link to the port's only socket, or to the first of several ("./" before the name). Clients
 *     without this library follow it. Or PORT.dgram.sock is itself the file of a client that has no other name.
 *   - .PORT@: the record: a link whose text lists the sockets, if there are several, or one with marks.
 *   - .PORT@~: a new link, before its rename to PORT.sock or .PORT@.
 *
 * This is protocol 1, whose number is in no name. A library with another protocol begins the texts of PORT.sock and of
 * the record with '#' and the protocol's number ("#2 127.0.0.1"). Ports of another protocol are left unchanged. */

#define UNSOCK_PORT_LINK_MOST 64 /* bytes of the text of PORT.sock's link, with its NUL */

/* Writes DIR/PORT.sock or DIR/PORT.dgram.sock. This function and the next three return the address's length. */
socklen_t unsock_address_path(uint16_t port, int type, struct sockaddr_un *path);

/* Writes DIR/.PORT@ADDR[+N]; for an entry without an address, DIR/PORT.sock or DIR/PORT.dgram.sock. */
socklen_t unsock_port_path(const struct unsock_port_entry *entry, struct sockaddr_un *path);

/* Writes DIR/.PORT@ADDR of an IPv4 address, faster than unsock_port_path: most connects and datagrams need it. */
socklen_t unsock_port_path4(struct unsock_port_key key, const struct unsock_ip *ip, struct sockaddr_un *path);

/* Writes DIR/.PORT@ (of datagrams: DIR/.PORTu@), followed by `end`. */
socklen_t unsock_port_record_path(struct unsock_port_key key, const char *end, struct sockaddr_un *path);

/* Reads the name .PORT@ADDR[+N] of a file in the directory. */
bool unsock_port_name_read(struct unsock_span name, struct unsock_port_entry *entry);

/* Reads .PORT@, or .PORT@~ (`next`). *entry gets the port alone. */
bool unsock_port_record_name_read(struct unsock_span name, struct unsock_port_entry *entry, bool *next);

/* True if a library with another protocol wrote this text of a link. */
bool unsock_port_is_of_another_protocol(struct unsock_span text);

/* True if the path in the directory is a socket's own file (.PORT@…), not PORT.sock. */
bool unsock_port_is_own_path(const struct sockaddr_un *path);

/* Write and read the text of PORT.sock's link (at most UNSOCK_PORT_LINK_MOST bytes). Reading returns false for any
 * other text: another program, or a library with another protocol, wrote it. */
void unsock_port_link_write(const struct unsock_port_entry *first, bool several, char *buffer);
bool unsock_port_link_read(struct unsock_span text, struct unsock_port_key key, struct unsock_port_entry *first,
                           bool *several);

/* kernel_name.c: Reads names of files in the directory and of kernel sockets, and makes clients' names. Pure. */

enum unsock_file_kind {
    UNSOCK_FILE_NONE,   /* not the library's */
    UNSOCK_FILE_PORT,   /* PORT.sock, PORT.dgram.sock */
    UNSOCK_FILE_SOCKET, /* .PORT@ADDR[+N] */
    UNSOCK_FILE_RECORD, /* .PORT@ */
    UNSOCK_FILE_NEXT,   /* .PORT@~ */
    UNSOCK_FILE_INNER,  /* of no port: the lock's file, an unfinished file, or one set aside before its removal */
};

/* Returns the kind of file with this name. *entry gets a SOCKET's entry; for PORT, RECORD and NEXT, only the port. */
enum unsock_file_kind unsock_file_name_read(struct unsock_span name, struct unsock_port_entry *entry);

/* True for ".unsock.lock.N": a lock's file until it gets its name (files/lock.c). */
bool unsock_file_name_is_unfinished_lock(struct unsock_span name);

/* True for ".unsock-" and 16 digits: a control file until it gets its name (files/control_file.c). */
#define UNSOCK_FILE_CONTROL_PART ".unsock-"
#define UNSOCK_FILE_CONTROL_DIGITS 16
bool unsock_file_name_is_unfinished_control(struct unsock_span name);

struct unsock_name {
    enum { UNSOCK_NAME_NONE, UNSOCK_NAME_FOREIGN, UNSOCK_NAME_FILE, UNSOCK_NAME_STREAM } kind;
    struct unsock_port_entry entry; /* FILE */
    struct unsock_ip source;        /* STREAM: the client's address */
    struct unsock_ip target;        /* STREAM: the address that the client connected to */
};

/* Reads a sockaddr_un of `length` bytes from the kernel: NONE for an unnamed socket, FILE for a socket file in the
 * directory, STREAM for a client's abstract name, FOREIGN for all others. */
struct unsock_name unsock_kernel_name_read(const struct sockaddr_un *address, size_t length);

/* Reads a path in any directory: stores its last part in `file`, and reads this part as the name of a socket file in
 * UNSOCK_DIR. Returns false if the part is no such name. */
bool unsock_kernel_name_read_anywhere(const struct sockaddr_un *address, size_t length, struct unsock_name *result,
                                      struct unsock_span *file);

/* Reads a STREAM name. False for any other name; both addresses are undefined then. */
bool unsock_kernel_name_read_stream(const struct sockaddr_un *address, size_t length, struct unsock_ip *source,
                                    struct unsock_ip *target);

/* Makes the abstract name that a stream binds before it connects: "\0unsock SOURCE TARGET", both ADDRESS:PORT in
 * hexadecimal ("7f000001:9c40"), then a character against hash collisions, and `directory`. The server reads the
 * client's address from it. In a directory the name is unique, like a TCP four-tuple. Returns the address's length. */
socklen_t unsock_kernel_name_stream(const struct unsock_ip *source, const struct unsock_ip *target, uint64_t directory,
                                    struct sockaddr_un *name);

/* As unsock_kernel_name_stream, but with a hash of the name, keyed by `key`, in the place of the directory. */
socklen_t unsock_kernel_name_keyed(const struct unsock_ip *source, const struct unsock_ip *target,
                                   const uint64_t key[2], struct sockaddr_un *name);

/* port_words.c: Reads and writes ports as users write them: 8000, 53/udp, 9042@127.0.0.2. Pure. */

struct unsock_port_words {
    int type; /* SOCK_STREAM or SOCK_DGRAM */
    bool has_address;
    struct unsock_ip ip; /* the port; also the address, if `has_address` */
};

/* Reads PORT, PORT/tcp or PORT/udp. Returns false for any other text. */
bool unsock_port_words_plain(struct unsock_span word, struct unsock_port_words *port);

/* Reads PORT, PORT/tcp, PORT/udp or PORT@ADDR[/tcp|/udp]. Returns false with one line in `error`. */
bool unsock_port_words_read(const char *word, struct unsock_port_words *port, struct unsock_text *error);

void unsock_port_words_put(struct unsock_text *text, const struct unsock_port_words *port);

/* Writes the name of the port's link: PORT.sock, PORT.dgram.sock. */
void unsock_port_words_name(struct unsock_text *text, const struct unsock_port_words *port);

#endif
