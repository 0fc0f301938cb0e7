/*
 * sendfile and splice, as the doors call them: the kernel's own calls. Only when they fail the end of a connection is
 * looked at. They return a value or -errno and leave errno alone.
 */
#ifndef UNSOCK_FILE_SEND_H
#define UNSOCK_FILE_SEND_H

#include "rt/net.h"

ssize_t unsock_call_sendfile(int out, int in, int64_t *offset, size_t count);
ssize_t unsock_call_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags);

#endif
