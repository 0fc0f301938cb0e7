/* What a name in the directory of the socket files is (rules/port_name.h). Pure. */
#ifndef UNSOCK_FILE_NAME_H
#define UNSOCK_FILE_NAME_H

#include "rt/text.h"
#include "rules/port_name.h"

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

#endif
