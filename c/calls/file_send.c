/* sendfile and splice. After the peer's close TCP accepts and loses data: the library then advances the file's offset,
 * or removes the pipe's bytes. The calls cannot suppress SIGPIPE: the kernel raises it even where TCP accepts data. */
#include "calls/list.h"

#include "calls/stream.h"
#include "calls/target.h"
#include "replace/replace.h"
#include "rt/user.h"

#include <asm/ioctls.h>

#define PIECE 1024
#define PAGES 16 /* PIPE_DEF_BUFFERS: the kernel sends so many pages before it checks the connection again */

/* Returns 0 if TCP would still accept the data for which the kernel returned the error `result`; else the error to
 * report. Pipes and the program's own AF_UNIX sockets fail as in the kernel. */
static long error_of_send(int fd, long result) {
    struct unsock_whose whose;
    if ((result != -EPIPE && result != -ENOTCONN) || unsock_sandboxed ||
        unsock_whose(fd, UNSOCK_ASK_STILL | UNSOCK_ASK_KERNEL, &whose) != UNSOCK_IS_OURS)
        return result;
    if (whose.entry->type == SOCK_DGRAM && !unsock_state_is_connected(whose.entry->state))
        return -EDESTADDRREQ;
    if (whose.entry->kind != UNSOCK_KIND_LOCAL || whose.entry->type != SOCK_STREAM)
        return result;
    return result == -ENOTCONN ? unsock_stream_broken(0) : 0;
}

/* Returns how many bytes of the file, from `at` on, TCP accepts before it reports that the peer has closed. Returns 0
 * if `fd` is not a regular file: the kernel has then already read the data. */
static size_t lost_of_file(int fd, int64_t at) {
    struct statx status;
    if (at < 0 || unsock_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_TYPE, &status) < 0 ||
        (status.stx_mode & S_IFMT) != S_IFREG || (int64_t)status.stx_size <= at)
        return 0;
    return UNSOCK_MIN((size_t)status.stx_size - (size_t)at, PAGES * UNSOCK_PAGE - (size_t)at % UNSOCK_PAGE);
}

long unsock_call_sendfile(int out, int in, int64_t *offset, size_t count) {
    long early = unsock_asking_before_data(out);
    if (early < 0)
        return early;
    long result = unsock_sendfile(out, in, offset, count);
    int64_t at = -1;
    if (result >= 0 || (result = error_of_send(out, result)) < 0)
        return result;
    if (!offset)
        at = unsock_lseek(in, 0, SEEK_CUR);
    else if (unsock_user_read(&at, offset, sizeof(at)) < 0)
        return -EFAULT;
    /* &size: unsock_stream_refused needs some readable memory, and the data are in the kernel. */
    size_t size = UNSOCK_MIN(count, lost_of_file(in, at));
    result = size > 0 ? unsock_stream_refused(out, &size, size, MSG_NOSIGNAL) : -EPIPE;
    if (result <= 0)
        return result;
    at += result;
    if (offset)
        unsock_user_write(offset, &at, sizeof(at));
    else
        unsock_lseek(in, result, SEEK_CUR);
    return result;
}

static size_t waits_in(int pipe) {
    int32_t count = 0;
    unsock_ioctl(pipe, FIONREAD, &count);
    return count > 0 ? (size_t)count : 0;
}

static void drop_from_pipe(int pipe, size_t size) {
    char piece[PIECE];
    for (long got = 1; size > 0 && got > 0; size -= got > 0 ? (size_t)got : 0) {
        size_t some = UNSOCK_MIN(UNSOCK_MIN(size, sizeof(piece)), waits_in(pipe));
        got = some > 0 ? unsock_read(pipe, piece, some) : 0;
    }
}

long unsock_call_splice(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t size, unsigned flags) {
    long early = unsock_asking_before_data(out);
    if (early < 0)
        return early;
    long result = unsock_real_splice(in, in_offset, out, out_offset, size, flags);
    if (result >= 0 || (result = error_of_send(out, result)) < 0)
        return result;
    /* MSG_NOSIGNAL: splice has raised the signal already. &size: unsock_stream_refused needs some readable memory. */
    size = UNSOCK_MIN(UNSOCK_MIN(size, waits_in(in)), (size_t)(PAGES * UNSOCK_PAGE));
    result = unsock_stream_refused(out, &size, size, MSG_NOSIGNAL);
    if (result > 0)
        drop_from_pipe(in, (size_t)result);
    return result;
}
