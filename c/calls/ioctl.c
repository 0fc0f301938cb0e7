/* ioctl on redirected sockets: requests about network interfaces (netdevice(7)), and about waiting data (tcp(7)). */
#include "calls/list.h"

#include "options/options.h"
#include "replace/replace.h"
#include "rt/user.h"

#include <asm/ioctls.h>

#define REQUEST_OWNER 0x8901u /* FIOSETOWN */
#define REQUEST_GROUP 0x8902u /* SIOCSPGRP: as FIOSETOWN */
#define PIECE 2048

/* Corrects SIOCOUTQ (tcp(7)), unacknowledged bytes: 0 on a local stream (the peer has them), EINVAL on a listener. */
static long ask_queue(int fd, unsigned long argument, long result) {
    struct unsock_whose whose;
    if (result < 0 || unsock_whose(fd, UNSOCK_ASK_STILL | UNSOCK_ASK_KERNEL, &whose) != UNSOCK_IS_OURS ||
        whose.entry->type != SOCK_STREAM)
        return result;
    if (whose.entry->state == UNSOCK_STATE_LISTENING)
        return -EINVAL;
    if (whose.entry->kind == UNSOCK_KIND_LOCAL)
        memset((void *)argument, 0, sizeof(int32_t));
    return result;
}

/* Makes an IP socket's request, which AF_UNIX lacks, on a temporary socket of the program's family and type. */
static long ask_ip_socket(int fd, unsigned request, unsigned long argument, long result) {
    struct unsock_whose whose;
    if (unsock_whose(fd, 0, &whose) != UNSOCK_IS_OURS || unsock_reuse_look(fd))
        return result;
    UNSOCK_CLOSED long socket = unsock_oracle_open(whose.entry);
    return socket < 0 ? result : unsock_ioctl(socket, request, (void *)argument);
}

/* Answers FIONREAD, which neither AF_TIPC nor (before Linux 6.13) AF_VSOCK has: peeks, and counts up to PIECE bytes. */
UNSOCK_OWN_FRAME static long count_waiting(int fd, unsigned long argument, long result) {
    char piece[PIECE];
    int32_t count;
    struct unsock_whose whose;
    if (unsock_whose(fd, 0, &whose) != UNSOCK_IS_OURS || whose.entry->kind != UNSOCK_KIND_FOREIGN)
        return result;
    long there = unsock_recvfrom(fd, piece, sizeof(piece), MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
    count = there > 0 ? (int32_t)there : 0;
    return unsock_user_write((void *)argument, &count, sizeof(count)) < 0 ? -EFAULT : 0;
}

long unsock_call_ioctl(int fd, unsigned request, unsigned long argument) {
    long result = unsock_ioctl(fd, request, (void *)argument);
    bool interface = (request & 0xff00u) == UNSOCK_SIOC_INTERFACE && (result == -ENOTTY || result == -EINVAL);
    if (request == FIONREAD && result == -ENOTTY)
        return count_waiting(fd, argument, result);
    if (interface)
        return ask_ip_socket(fd, request, argument, result);
    if ((request == REQUEST_OWNER || request == REQUEST_GROUP) && result == 0)
        unsock_redirect_expect_owner();
    if (request == UNSOCK_FIONBIO && result == 0)
        unsock_fds_was_made_nonblocking(fd);
    return request == UNSOCK_SIOCOUTQ ? ask_queue(fd, argument, result) : result;
}
