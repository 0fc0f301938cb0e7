/* pthread_cancel of a thread that blocks in a call, or is about to: each blocking call is a cancellation point. */
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int listener, client, peer, receiver, set, full;
static char byte;
static struct iovec part = {&byte, 1};
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
static sigset_t mask;

static void in_accept(void) {
    accept(listener, NULL, NULL);
}

static void in_accept4(void) {
    address name = unwritten();
    accept4(listener, &name.any, &name.length, SOCK_CLOEXEC);
}

static void in_recv(void) {
    recv(client, &byte, 1, 0);
}

static void in_read(void) {
    if (read(client, &byte, 1) == 1)
        byte = 0;
}

static void in_recvfrom(void) {
    address name = unwritten();
    recvfrom(receiver, &byte, 1, 0, &name.any, &name.length);
}

static void in_recvmsg(void) {
    struct msghdr copy = message;
    recvmsg(receiver, &copy, 0);
}

static void in_recvmmsg(void) {
    struct mmsghdr messages = {.msg_hdr = message};
    recvmmsg(receiver, &messages, 1, 0, NULL);
}

/* TCP makes its buffers larger meanwhile. */
static void in_send(void) {
    while (send(full, &byte, 1, 0) == 1)
        ;
}

static void in_sendmsg(void) {
    while (sendmsg(full, &message, 0) == 1)
        ;
}

static void in_write(void) {
    while (write(full, &byte, 1) == 1)
        ;
}

static void in_writev(void) {
    while (writev(full, &part, 1) == 1)
        ;
}

static void in_poll(void) {
    struct pollfd polled = {.fd = client, .events = POLLIN};
    poll(&polled, 1, -1);
}

static void in_ppoll(void) {
    struct pollfd polled = {.fd = client, .events = POLLIN};
    ppoll(&polled, 1, NULL, &mask);
}

static void in_select(void) {
    fd_set wanted;
    FD_ZERO(&wanted);
    FD_SET(client, &wanted);
    select(client + 1, &wanted, NULL, NULL, NULL);
}

static void in_pselect(void) {
    fd_set wanted;
    FD_ZERO(&wanted);
    FD_SET(client, &wanted);
    pselect(client + 1, &wanted, NULL, NULL, NULL, &mask);
}

static void in_epoll_wait(void) {
    struct epoll_event event;
    epoll_wait(set, &event, 1, -1);
}

static void in_epoll_pwait(void) {
    struct epoll_event event;
    epoll_pwait(set, &event, 1, -1, &mask);
}

struct waiter {
    void (*call)(void);
    bool forbids; /* cancellation, until it has come */
    _Atomic int thread;
    _Atomic bool cancelled;
};

static void *wait_in_call(void *argument) {
    struct waiter *waiter = argument;
    int before;
    if (waiter->forbids)
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    waiter->thread = (int)syscall(SYS_gettid);
    while (waiter->forbids && !waiter->cancelled)
        sched_yield();
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
    waiter->call();
    return NULL;
}

static bool is_cancelled(void (*call)(void), bool forbids) {
    struct waiter waiter = {.call = call, .forbids = forbids};
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, wait_in_call, &waiter) != 0)
        die("pthread_create");
    while (waiter.thread == 0 || (!forbids && !thread_sleeps(waiter.thread)))
        sched_yield();
    pthread_cancel(thread);
    waiter.cancelled = true;
    pthread_join(thread, &result);
    return result == PTHREAD_CANCELED;
}

static void tell(const char *name, void (*call)(void), bool at_once) {
    char line[64];
    snprintf(line, sizeof line, "%s, cancelled before", name);
    fact_yes(line, is_cancelled(call, true));
    snprintf(line, sizeof line, "%s, cancelled while it waits", name);
    if (at_once)
        fact_yes(line, is_cancelled(call, false));
}

static void *loop(void *argument) {
    *(_Atomic bool *)argument = true;
    for (;;)
        close(accept(listener, NULL, NULL));
    return NULL;
}

/* Also where a call goes on until something comes. */
static void tell_of_loop(void) {
    _Atomic bool begun = false;
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, loop, (void *)&begun) != 0)
        die("pthread_create");
    while (!begun)
        sched_yield();
    pthread_cancel(thread);
    int last = connected("127.0.0.1", own_port(listener));
    pthread_join(thread, &result);
    fact_yes("a loop over accept ends", result == PTHREAD_CANCELED);
    close(last);
    last = connected("127.0.0.1", own_port(listener));
    fact_call("its listener accepts still", accept(listener, NULL, NULL));
    close(last);
}

static void fill(int fd) {
    static char many[65536];
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
    while (send(fd, many, sizeof many, 0) > 0)
        ;
    CHECK(fcntl(fd, F_SETFL, 0));
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*call)(void);
    } calls[] = {
        {"accept", in_accept},
        {"accept4", in_accept4},
        {"recv", in_recv},
        {"read", in_read},
        {"recvfrom", in_recvfrom},
        {"recvmsg", in_recvmsg},
        {"recvmmsg", in_recvmmsg},
        {"send", in_send},
        {"sendmsg", in_sendmsg},
        {"write", in_write},
        {"writev", in_writev},
        {"poll", in_poll},
        {"ppoll with a mask", in_ppoll},
        {"select", in_select},
        {"pselect with a mask", in_pselect},
        {"epoll_wait", in_epoll_wait},
        {"epoll_pwait", in_epoll_pwait},
    };
    struct epoll_event event = {.events = EPOLLIN};
    bool at_once = count < 2 || strcmp(arguments[1], "the cancelled calls end") != 0;
    probe_start();
    listener = listening("127.0.0.1", 0);
    client = connected("127.0.0.1", own_port(listener));
    peer = CHECK(accept(listener, NULL, NULL));
    full = connected("127.0.0.1", own_port(listener));
    CHECK(accept(listener, NULL, NULL));
    fill(full);
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    set = CHECK(epoll_create1(0));
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, client, &event));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        tell(calls[i].name, calls[i].call, at_once);
    tell_of_loop();
    return 0;
}
