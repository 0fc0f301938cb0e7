/* A large write after the peer's close: TCP accepts what its buffer holds until it gets the reset, so the short count
 * shows the error to the program. How much it accepts depends on the machine; that it is not all does not. */
#include "endings.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define LARGE (64 << 20)
#define MOST (4 << 20) /* net.ipv4.tcp_wmem's end */
#define PIPE (1 << 20)

enum call { SENDMSG, SENDMMSG, WRITE, WRITEV, SEND, SENDFILE, SPLICE, CALLS };

static const char *const call_names[CALLS] = {"sendmsg", "sendmmsg", "write", "writev", "send", "sendfile", "splice"};

static char *much;
static int file;

/* How much one call has taken. */
static long put(int fd, enum call call) {
    struct iovec parts[] = {{much, 12345}, {much + 12345, LARGE - 12345}};
    struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 2}},
                                  {.msg_hdr = {.msg_iov = parts, .msg_iovlen = 2}}};
    off_t offset = 0;
    int ends[2];
    long result;
    switch (call) {
    case SENDMSG:
        return sendmsg(fd, &messages[0].msg_hdr, 0);
    case SENDMMSG:
        result = sendmmsg(fd, messages, 2, 0);
        return result == 1 ? (long)messages[0].msg_len : result < 0 ? result : LARGE;
    case WRITE:
        return write(fd, much, LARGE);
    case WRITEV:
        return writev(fd, parts, 2);
    case SEND:
        return send(fd, much, LARGE, 0);
    case SENDFILE:
        return sendfile(fd, file, &offset, LARGE);
    default:
        CHECK(pipe2(ends, O_CLOEXEC));
        CHECK(fcntl(ends[1], F_SETPIPE_SZ, PIPE));
        CHECK(write(ends[1], much, PIPE));
        result = splice(ends[0], NULL, fd, NULL, PIPE, 0);
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        errno = error;
        return result;
    }
}

static void tell(const char *story, const char *what, long result) {
    char name[160];
    snprintf(name, sizeof name, "%s: %s", story, what);
    if (result >= 0)
        fact(name, "%s, %d signals", result == 0 ? "nothing" : result >= MOST ? "too much" : "a part", (int)pipes);
    else
        fact(name, "%s, %d signals", errno_name(errno), (int)pipes);
    pipes = 0;
}

static void after(enum end end, enum call call, bool accepted, bool nonblocking, int buffer) {
    char story[160];
    struct pair pair = make_pair(accepted);
    snprintf(story, sizeof story, "%s, %s%s%s, buffer of %d", end_names[end], call_names[call],
             accepted ? ", accepted" : "", nonblocking ? ", non-blocking" : "", buffer);
    if (buffer > 0)
        CHECK(set_option(pair.fd, SOL_SOCKET, SO_SNDBUF, buffer));
    if (nonblocking)
        CHECK(fcntl(pair.fd, F_SETFL, O_NONBLOCK));
    peer_ends(&pair, end);
    /* These two raise their signal a call too early (docs/limits.md). */
    signal(SIGPIPE, call == SENDFILE || call == SPLICE ? SIG_IGN : count_pipe);
    long first = put(pair.fd, call);
    tell(story, "first", first);
    if (buffer > 0 && first > 0)
        fact(story, "no more than the buffer holds: %s", first <= buffer * 2 || first <= 65536 ? "yes" : "no");
    ready(pair.fd, 0, 2000);
    tell(story, "second", put(pair.fd, call));
    tell(story, "third", put(pair.fd, call));
    drop_pair(&pair);
}

/* In an order that each call has a line of its own by every door: those that are not trapped come last. */
int main(int count, char **words) {
    static const enum end ends[] = {CLOSED, SENT_CLOSED, SHUT_BOTH, SHUT_CLOSED};
    int calls = count > 1 && strcmp(words[1], "messages") == 0 ? WRITE : CALLS;
    probe_start();
    count_pipes();
    much = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (much == MAP_FAILED)
        die("no memory");
    file = CHECK(memfd_create("much", MFD_CLOEXEC));
    CHECK(ftruncate(file, LARGE));
    for (unsigned end = 0; end < sizeof ends / sizeof *ends; end++)
        for (int call = 0; call < calls; call++) {
            after(ends[end], (enum call)call, false, false, 0);
            after(ends[end], (enum call)call, true, true, 0);
        }
    for (int call = 0; call < calls; call++) {
        after(CLOSED, (enum call)call, false, true, 4096);
        after(CLOSED, (enum call)call, true, false, 65536);
    }
    return 0;
}
