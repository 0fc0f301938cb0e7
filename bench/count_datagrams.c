/*
 * Counts the datagrams that a program sends and receives (scripts/bench/udp_losses.ts). Preloaded before the library
 * that is measured, so that it sees the results that the program gets. COUNTS names a file with room for `struct
 * counts`, which all processes of a measurement share. Only calls of libc's functions are counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct counts {
    _Atomic int64_t sent;
    _Atomic int64_t received;
    _Atomic int64_t refused; /* sends that failed with EAGAIN: the program still has the datagram */
};

static struct counts *counts;

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("COUNTS");
    int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        counts = map;
    if (fd >= 0)
        close(fd);
}

static bool is_udp(int fd) {
    int type = 0, domain = 0;
    socklen_t size = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM &&
           getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && (domain == AF_INET || domain == AF_INET6);
}

/* Returns how many datagrams a message of `size` bytes is, by UDP_SEGMENT or UDP_GRO. */
static int64_t datagrams_of(const struct msghdr *message, size_t size) {
    struct msghdr copy = *message;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&copy); header; header = CMSG_NXTHDR(&copy, header)) {
        uint16_t segment = 0;
        if (header->cmsg_level != SOL_UDP || (header->cmsg_type != UDP_SEGMENT && header->cmsg_type != UDP_GRO))
            continue;
        memcpy(&segment, CMSG_DATA(header), sizeof(segment));
        if (segment > 0 && size > segment)
            return (int64_t)((size + segment - 1) / segment);
    }
    return 1;
}

static ssize_t count_sent(int fd, ssize_t result, int64_t datagrams) {
    int error = errno;
    if (counts && (result >= 0 || error == EAGAIN) && is_udp(fd))
        atomic_fetch_add(result < 0 ? &counts->refused : &counts->sent, result < 0 ? 1 : datagrams);
    errno = error;
    return result;
}

static ssize_t count_received(int fd, ssize_t result, int flags, int64_t datagrams) {
    int error = errno;
    if (counts && result >= 0 && !(flags & (MSG_PEEK | MSG_ERRQUEUE)) && is_udp(fd))
        atomic_fetch_add(&counts->received, datagrams);
    errno = error;
    return result;
}

#define NEXT(name)                                                                                                     \
    static __typeof__(&name) next;                                                                                     \
    if (!next)                                                                                                         \
    next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
    NEXT(write);
    return count_sent(fd, next(fd, data, size), 1);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    NEXT(send);
    return count_sent(fd, next(fd, data, size, flags), 1);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
    NEXT(sendto);
    return count_sent(fd, next(fd, data, size, flags, address, length), 1);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    NEXT(sendmsg);
    ssize_t result = next(fd, message, flags);
    return count_sent(fd, result, result < 0 ? 0 : datagrams_of(message, (size_t)result));
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
    NEXT(sendmmsg);
    int result = next(fd, messages, count, flags);
    int64_t datagrams = 0;
    for (int i = 0; i < result; i++)
        datagrams += datagrams_of(&messages[i].msg_hdr, messages[i].msg_len);
    return (int)count_sent(fd, result, datagrams);
}

ssize_t read(int fd, void *data, size_t size) {
    NEXT(read);
    return count_received(fd, next(fd, data, size), 0, 1);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    NEXT(recv);
    return count_received(fd, next(fd, data, size, flags), flags, 1);
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length) {
    NEXT(recvfrom);
    return count_received(fd, next(fd, data, size, flags, address, length), flags, 1);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    NEXT(recvmsg);
    ssize_t result = next(fd, message, flags);
    return count_received(fd, result, flags, result < 0 ? 0 : datagrams_of(message, (size_t)result));
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout) {
    NEXT(recvmmsg);
    int result = next(fd, messages, count, flags, timeout);
    int64_t datagrams = 0;
    for (int i = 0; i < result; i++)
        datagrams += datagrams_of(&messages[i].msg_hdr, messages[i].msg_len);
    return (int)count_received(fd, result, flags, datagrams);
}

/* The names that fortified programs call (-D_FORTIFY_SOURCE). */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags, struct sockaddr *address,
                       socklen_t *length);

ssize_t __read_chk(int fd, void *data, size_t size, size_t room) {
    NEXT(__read_chk);
    return count_received(fd, next(fd, data, size, room), 0, 1);
}

ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags) {
    NEXT(__recv_chk);
    return count_received(fd, next(fd, data, size, room, flags), flags, 1);
}

ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags, struct sockaddr *address,
                       socklen_t *length) {
    NEXT(__recvfrom_chk);
    return count_received(fd, next(fd, data, size, room, flags, address, length), flags, 1);
}
