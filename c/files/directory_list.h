/* What is in a directory of socket files, one name after the other, as the library itself reads it. */
#ifndef UNSOCK_DIRECTORY_LIST_H
#define UNSOCK_DIRECTORY_LIST_H

#include "files/directory.h"
#include "kernel/entries.h"
#include "rules/port_record.h"

/* What a name is. */
enum unsock_directory_list_what {
    UNSOCK_DIRECTORY_LIST_PLAIN,    /* PORT.sock itself: a plain Unix server's, a datagram client's, a control file */
    UNSOCK_DIRECTORY_LIST_PORT,     /* PORT.sock, a link to the port's first socket, which `entry` is */
    UNSOCK_DIRECTORY_LIST_FIRST,    /* the file of that */
    UNSOCK_DIRECTORY_LIST_LISTED,   /* that of another one in the record */
    UNSOCK_DIRECTORY_LIST_WAITING,  /* that of one that waits for another of its process */
    UNSOCK_DIRECTORY_LIST_UNLISTED, /* a name of a socket's that the port knows nothing of */
    UNSOCK_DIRECTORY_LIST_RECORD,   /* from here on what the library has there for itself */
    UNSOCK_DIRECTORY_LIST_NEXT,
    UNSOCK_DIRECTORY_LIST_INNER,
};

struct unsock_directory_list_one {
    const char *name; /* good until the next one */
    enum unsock_directory_list_what what;
    struct unsock_port_key key; /* but for INNER */
    struct unsock_port_entry entry;
};

struct unsock_directory_list {
    uint16_t only; /* this port's alone; 0: of all */
    struct unsock_directory_visit visit;
    struct unsock_entries entries;
    struct unsock_port *port; /* the last one that was read */
};

/* Opens the directory at an absolute path, which may lead through links. Returns 0; or -errno, and nothing to close. */
long unsock_directory_list_open(struct unsock_directory_list *names, const char *directory, uint16_t only);

/* False at the end: names->entries.fd is -errno then where not all has been told. */
bool unsock_directory_list_next(struct unsock_directory_list *names, struct unsock_directory_list_one *one);

void unsock_directory_list_close(struct unsock_directory_list *names);

#endif
