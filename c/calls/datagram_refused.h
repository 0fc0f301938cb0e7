/*
 * What a connected datagram socket hears when nobody is there. Over UDP the next call says it, whatever that is. Here
 * the send itself does, as recv and read, which are not intercepted, cannot say ECONNREFUSED; and those who do not look
 * at what a send says, but wait for the answer, are told as well.
 */
#ifndef UNSOCK_DATAGRAM_REFUSED_H
#define UNSOCK_DATAGRAM_REFUSED_H

/*
 * Leaves an error on `fd`, a datagram socket that is connected to nobody: poll and the next receive tell of it. Nothing
 * comes of it where its file is not to be reached, or no descriptor is left. Returns what the send says, -ECONNREFUSED.
 */
long unsock_datagram_refused(int fd);

/* `result` of a call on a redirected datagram socket: the error that was left, in UDP's words. */
long unsock_datagram_told(long result);

#endif
