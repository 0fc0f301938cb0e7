/* What the kernel would say to executing a file, and what the file is. */
#ifndef UNSOCK_PROGRAM_INFO_H
#define UNSOCK_PROGRAM_INFO_H

#include "rules/program_file.h"

#include <stdbool.h>

/*
 * Opens the program that execveat(directory, path, flags) would execute, to look at it: close-on-exec. Returns the
 * descriptor or -errno; -EISDIR when it is no regular file. It may be one that may be executed but not read.
 */
long unsock_program_open(int directory, const char *path, int flags);

/* May this process execute it? Returns 0 or -errno, as execve would. */
long unsock_program_may_execute(int directory, const char *path, int flags);

/*
 * Has somebody got it open for writing? Then execve says ETXTBSY. (Kernels before 6.8 look at other things first: there
 * the answer is no.)
 */
bool unsock_program_is_busy(int directory, const char *path, int flags);

/* Would executing it give other rights than this process has? */
enum unsock_program_gain { UNSOCK_GAINS_NOTHING, UNSOCK_GAINS_USER, UNSOCK_GAINS_GROUP, UNSOCK_GAINS_CAPABILITIES };
enum unsock_program_gain unsock_program_gains_rights(long fd);

/* Reads from the descriptor what kind of file it is. `room` as for unsock_program_file_read. */
void unsock_program_look(long fd, void *room, struct unsock_program_file *file);

/* May this process read the file, with the rights that it has now? */
bool unsock_program_is_readable(const char *path);

#endif
