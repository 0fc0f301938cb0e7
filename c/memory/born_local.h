/*
 * Which family should a new stream socket be born with? Replacing a socket costs more than making one, so a process
 * whose connections have been local gets AF_UNIX at once; one whose connections leave the machine pays nothing.
 */
#ifndef UNSOCK_BORN_LOCAL_H
#define UNSOCK_BORN_LOCAL_H

#include <stdbool.h>

/* Will a stream socket of this domain most likely be redirected? */
bool unsock_born_local(int domain);

/* A connect went to a covered address, or to one that is not (or a socket was bound to such a one). */
void unsock_born_local_note_local(void);
void unsock_born_local_note_ip(void);

/* A stream socket listens at a covered address. */
void unsock_predict_listens(void);

#endif
