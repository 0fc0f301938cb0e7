/* What is in a directory of socket files, one name after the other, as the library itself reads it. */
#ifndef UNSOCK_NAMES_H
#define UNSOCK_NAMES_H

#include "files/visit.h"
#include "kernel/entries.h"
#include "rules/port_record.h"

/* What a name is. */
enum unsock_names_what {
    UNSOCK_NAMES_PLAIN,    /* PORT.sock itself: a plain Unix server's, a datagram client's, a control file */
    UNSOCK_NAMES_PORT,     /* PORT.sock, a link to the port's first socket, which `entry` is */
    UNSOCK_NAMES_FIRST,    /* the file of that */
    UNSOCK_NAMES_LISTED,   /* that of another one in the record */
    UNSOCK_NAMES_WAITING,  /* that of one that waits for another of its process */
    UNSOCK_NAMES_UNLISTED, /* a name of a socket's that the port knows nothing of */
    UNSOCK_NAMES_RECORD,   /* from here on what the library has there for itself */
    UNSOCK_NAMES_NEXT,
    UNSOCK_NAMES_INNER,
};

struct unsock_names_one {
    const char *name; /* good until the next one */
    enum unsock_names_what what;
    struct unsock_port_key key; /* but for INNER */
    struct unsock_port_entry entry;
};

struct unsock_names {
    uint16_t only; /* this port's alone; 0: of all */
    struct unsock_visit visit;
    struct unsock_entries entries;
    struct unsock_port *port; /* the last one that was read */
};

/* Opens the directory at an absolute path, which may lead through links. Returns 0; or -errno, and nothing to close. */
long unsock_names_open(struct unsock_names *names, const char *directory, uint16_t only);

/* False at the end: names->entries.fd is -errno then where not all has been told. */
bool unsock_names_next(struct unsock_names *names, struct unsock_names_one *one);

void unsock_names_close(struct unsock_names *names);

#endif
