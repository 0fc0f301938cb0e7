/*
 * The data path of a connection: queue sizes, urgent data, half close, end of file, EPIPE and SIGPIPE, sendfile,
 * splice, scattered reads, peeking, and calls that give a stream an address.
 */
#include "probe.h"

#include <linux/sockios.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static int server, client, peer;

static void join(void) {
    client = connected("127.0.0.1", own_port(server));
    peer = CHECK(accept(server, NULL, NULL));
}

static void part(void) {
    close(client);
    close(peer);
}

static int queued(int fd, unsigned long request) {
    int value = -1;
    CHECK(ioctl(fd, request, &value));
    return value;
}

static void queues(void) {
    join();
    fact("empty: FIONREAD, SIOCINQ", "%d %d", queued(client, FIONREAD), queued(client, SIOCINQ));
    CHECK(write(peer, "0123456789", 10));
    if (ready(client, POLLIN, 5000) == 0)
        die("no input");
    fact("ten bytes: FIONREAD", "%d", queued(client, FIONREAD));
    char bytes[16];
    fact_number("peek", recv(client, bytes, 4, MSG_PEEK));
    fact("after peeking: FIONREAD", "%d", queued(client, FIONREAD));
    fact_number("read four", read(client, bytes, 4));
    fact("after four: FIONREAD", "%d", queued(client, FIONREAD));
    fact_number("MSG_DONTWAIT takes what is there", recv(client, bytes, 16, MSG_DONTWAIT));
    fact_number("MSG_DONTWAIT finds nothing", recv(client, bytes, 16, MSG_DONTWAIT));
    int value = -1;
    fact_call("FIONREAD on a listener", ioctl(server, FIONREAD, &value));
    fact("all was read: SIOCOUTQ", "%d", queued(peer, SIOCOUTQ));
    part();
}

static void urgent(void) {
    join();
    CHECK(send(peer, "ab", 2, 0));
    fact_call("send MSG_OOB", send(peer, "!", 1, MSG_OOB));
    CHECK(send(peer, "cd", 2, 0));
    poll(NULL, 0, 20);
    char byte = 0, bytes[8];
    fact("at the mark, at the start", "%d", queued(client, SIOCATMARK));
    fact_number("receive the urgent byte", recv(client, &byte, 1, MSG_OOB));
    fact("the urgent byte", "%s", byte == '!' ? "came" : "did not come");
    fact_number("read up to the mark", read(client, bytes, sizeof bytes));
    fact("at the mark, when there", "%d", queued(client, SIOCATMARK));
    fact_number("read beyond the mark", recv(client, bytes, sizeof bytes, MSG_DONTWAIT));
    part();
}

static void half_close(void) {
    join();
    char byte;
    CHECK(shutdown(client, SHUT_WR));
    fact_number("after SHUT_WR the peer reads", read(peer, &byte, 1));
    send_byte(peer);
    fact_number("the other way still flows", read(client, &byte, 1));
    fact_number("writing after SHUT_WR", send(client, "x", 1, MSG_NOSIGNAL));
    CHECK(close(peer));
    fact_number("then the client reads", read(client, &byte, 1));
    close(client);
    join();
    CHECK(close(peer));
    if (ready(client, POLLIN, 5000) == 0)
        die("no end of file");
    signal(SIGPIPE, SIG_IGN);
    long sent = 0;
    /* Over TCP the first write after the peer's close is accepted, and the answer to it breaks the pipe. */
    for (int i = 0; i < 100 && sent >= 0; i++) {
        sent = send(client, "x", 1, 0);
        poll(NULL, 0, 1);
    }
    fact("writing to a closed peer, in the end", "%s", sent < 0 ? errno_name(errno) : "ok");
    signal(SIGPIPE, SIG_DFL);
    close(client);
    join();
    pid_t pid = fork_peer();
    if (pid == 0) {
        CHECK(shutdown(client, SHUT_WR));
        if (write(client, "x", 1) == 1)
            _exit(1);
        _exit(0);
    }
    fact("SIGPIPE ends a writer", "%d", ended(pid) - 128 == SIGPIPE);
    part();
}

/* A peer that closes with unread data resets the connection. */
static void reset(void) {
    join();
    char byte;
    send_byte(client);
    if (ready(peer, POLLIN, 5000) == 0)
        die("no input");
    CHECK(close(peer));
    if (ready(client, POLLIN | POLLERR | POLLHUP, 5000) == 0)
        die("no reset");
    fact_number("reading after the peer left data unread", read(client, &byte, 1));
    fact_number("and again", read(client, &byte, 1));
    close(client);
    join();
    struct linger linger = {1, 0};
    CHECK(setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    CHECK(close(peer));
    if (ready(client, POLLIN | POLLERR | POLLHUP, 5000) == 0)
        die("no reset");
    fact_number("reading after the peer's SO_LINGER of 0", read(client, &byte, 1));
    close(client);
}

static void bulk(void) {
    char name[] = "/tmp/probe-XXXXXX", bytes[8192];
    int file = CHECK(mkstemp(name)), pipes[2];
    unlink(name);
    for (int i = 0; i < (int)sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    if (write(file, bytes, sizeof bytes) != sizeof bytes)
        die("write");
    join();
    off_t offset = 0;
    fact_number("sendfile", sendfile(client, file, &offset, sizeof bytes));
    char got[sizeof bytes];
    fact_number("receive it", recv(peer, got, sizeof got, MSG_WAITALL));
    fact_yes("it is the file", memcmp(got, bytes, sizeof got) == 0);
    CHECK(pipe(pipes));
    CHECK(write(pipes[1], "through a pipe", 14));
    fact_number("splice from a pipe", splice(pipes[0], NULL, client, NULL, 14, 0));
    fact_number("splice into a pipe", splice(peer, NULL, pipes[1], NULL, 14, 0));
    fact_number("read the pipe", read(pipes[0], got, 14));
    fact("it is", "%.14s", got);
    struct iovec out[3] = {{"one ", 4}, {"", 0}, {"two", 3}}, in[2] = {{got, 2}, {got + 100, 100}};
    fact_number("writev", writev(client, out, 3));
    fact_number("readv", readv(peer, in, 2));
    fact("parts", "%.2s %.5s", got, got + 100);
    part();
    close(file);
    close(pipes[0]);
    close(pipes[1]);
}

static void *in_parts(void *unused) {
    (void)unused;
    for (int i = 0; i < 2; i++) {
        CHECK(write(client, "abc", 3));
        poll(NULL, 0, 20);
    }
    CHECK(shutdown(client, SHUT_WR));
    return NULL;
}

/* MSG_PEEK with MSG_WAITALL returns all data, in whatever pieces they come, and fewer if the rest never comes. */
static void peek_all(void) {
    for (int way = 0; way < 4; way++) {
        pthread_t writer;
        char bytes[8] = "", text[64];
        address name = unwritten();
        struct iovec parts[2] = {{bytes, 2}, {bytes + 2, 3}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        int flags = MSG_PEEK | MSG_WAITALL;
        join();
        CHECK(pthread_create(&writer, NULL, in_parts, NULL));
        long got = way == 0   ? recv(peer, bytes, 5, flags)
                   : way == 1 ? recvfrom(peer, bytes, 5, flags, &name.any, &name.length)
                   : way == 2 ? recvmsg(peer, &message, flags)
                              : recv(peer, bytes, 8, flags);
        snprintf(text, sizeof text, "peek and wait for all, %d", way);
        fact(text, "%ld %s", got, bytes);
        pthread_join(writer, NULL);
        fact(text, "%ld is there still", (long)read(peer, bytes, sizeof bytes));
        part();
    }
    join();
    struct timeval short_time = {.tv_usec = 20000};
    char bytes[8];
    struct timeval told = {0};
    socklen_t size = sizeof told;
    CHECK(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time));
    CHECK(getsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &told, &size));
    CHECK(write(client, "abc", 3));
    /* qemu's user emulation tells nothing of it. */
    if (told.tv_usec == short_time.tv_usec)
        fact_number("peek and wait for all: in time", recv(peer, bytes, 5, MSG_PEEK | MSG_WAITALL));
    fact_number("and without waiting", recv(peer, bytes, 5, MSG_PEEK | MSG_WAITALL | MSG_DONTWAIT));
    part();
}

static void addressed(void) {
    join();
    char bytes[8];
    address to = ip("127.0.0.1", own_port(server)), other = ip("127.0.0.9", 9), name = unwritten(),
            sixth = ip("::1", 9);
    fact_number("sendto with the peer's address", sendto(client, "abc", 3, 0, &to.any, to.length));
    fact_number("sendto with another address", sendto(client, "de", 2, 0, &other.any, other.length));
    fact_number("sendto with an IPv6 address", sendto(client, "f", 1, 0, &sixth.any, sixth.length));
    fact_number("all arrive", recv(peer, bytes, 6, MSG_WAITALL));
    CHECK(send(peer, "hello", 5, 0));
    fact_number("recvfrom", recvfrom(client, bytes, 3, 0, &name.any, &name.length));
    fact("recvfrom: length of the name", "%u", name.length);
    fact_yes("recvfrom: name not written", name.any.sa_family == 0xffff);
    struct iovec room = {bytes, sizeof bytes};
    struct msghdr message = {
        .msg_name = &name.space, .msg_namelen = sizeof name.space, .msg_iov = &room, .msg_iovlen = 1};
    fact_number("recvmsg", recvmsg(client, &message, 0));
    fact("recvmsg: length of the name, flags", "%u 0x%x", message.msg_namelen, (unsigned)message.msg_flags);
    message = (struct msghdr){.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &room, .msg_iovlen = 1};
    fact_number("sendmsg with a name", sendmsg(client, &message, 0));
    int fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_number("sendto on a socket that is not connected", sendto(fresh, "x", 1, MSG_NOSIGNAL, &to.any, to.length));
    fact_number("sendmsg on a socket that is not connected", sendmsg(fresh, &message, MSG_NOSIGNAL));
    close(fresh);
    part();
}

int main(void) {
    probe_start();
    server = listening("127.0.0.1", 0);
    queues();
    urgent();
    half_close();
    reset();
    bulk();
    peek_all();
    addressed();
    close(server);
    return 0;
}
