/*
 * Socket files at paths of the user's choice, in whatever directory: where control files lead to.
 *
 * Such a file goes with the last descriptor of its socket, as those of the directory do, and by the same rules. Whoever
 * removes it holds the lock of its directory and has asked the kernel. Where it is, is remembered by the kernel alone:
 * it has to be asked while the socket is still open. Programs that know nothing of the lock may put a file of their own
 * there at any moment: nothing is removed but the very file that the socket was bound to.
 */
#ifndef UNSOCK_TARGET_FILE_H
#define UNSOCK_TARGET_FILE_H

#include "kernel/file_info.h"
#include "memory/fds.h"
#include "rt/net.h"

struct unsock_target_file {
    struct unsock_file_id file;
    socklen_t length;
    union unsock_sockaddr name; /* followed by a NUL, though a path may fill all of sun_path */
};

/*
 * Binds a socket to an AF_UNIX path (of `length` bytes with the family; a NUL may end it). A file that is left over
 * there gives way. Returns 0, with `where` filled (of no file where nothing is to go with the socket), or -errno.
 */
long unsock_target_file_bind(int socket, const void *address, socklen_t length, struct unsock_target_file *where);

/*
 * A descriptor of which `entry` is known is going to be closed: fills `where` with the file that goes with its socket.
 * Returns whether there is one, for certain. No system call for sockets that have none.
 */
bool unsock_target_file_find(int fd, const struct unsock_fd *entry, struct unsock_target_file *where);

/* It has been closed: removes the file that was found, if any, unless somebody else still has that socket open. */
void unsock_target_file_release(const struct unsock_target_file *where);

/* The same where it is going to be closed together with others: unsock_target_file_again looks at all of them. */
void unsock_target_file_keep(const struct unsock_target_file *where);

/* Looks once more at those that were in use, or kept. */
void unsock_target_file_again(void);

/* Are there any? */
bool unsock_target_file_any(void);

#endif
