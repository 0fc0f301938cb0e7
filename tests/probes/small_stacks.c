/*
 * Every call on the smallest stack that a thread may have, and in a handler on the smallest alternate stack that
 * programs use: below both lies a page that cannot be accessed.
 */
/* As programs are compiled: the frames of this probe lie on the same stacks. */
#pragma GCC optimize("O2")

#include "probe.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PAGE 4096
#ifdef __aarch64__
#define THREAD_STACK (128 * 1024) /* the smallest there */
#define HANDLER_STACK (12 * 1024)
#else
#define THREAD_STACK (16 * 1024)
#define HANDLER_STACK (8 * 1024)
#endif
#define FRAME 3632 /* the kernel's, for registers, where there are AVX-512 and protection keys; it may be less here */
#define SIZE(stack) ((size_t)(stack) + PAGE)

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

static volatile int good;

static void took(bool yes) {
    good += yes;
}

static void streams(const char *text) {
    char byte = 'x', space[200];
    address name;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
    int first = epoll_create1(0), second = epoll_create1(0);
    int server = socket(text[0] == ':' ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    address any = ip(text, 0);
    took(epoll_ctl(first, EPOLL_CTL_ADD, server, &event) == 0);
    took(epoll_ctl(second, EPOLL_CTL_ADD, server, &event) == 0);
    took(set_option(server, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
    took(set_option(server, SOL_SOCKET, SO_REUSEPORT, 1) == 0);
    took(bind(server, &any.any, any.length) == 0);
    took(listen(server, 5) == 0);
    name = name_of(server);
    int twin = socket(text[0] == ':' ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    took(set_option(twin, SOL_SOCKET, SO_REUSEPORT, 1) == 0);
    took(bind(twin, &name.any, name.length) == 0);
    close(twin);
    int client = socket(text[0] == ':' ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    took(epoll_ctl(first, EPOLL_CTL_ADD, client, &event) == 0);
    took(epoll_ctl(second, EPOLL_CTL_ADD, client, &event) == 0);
    int copy = dup(client);
    took(set_option(client, IPPROTO_TCP, TCP_NODELAY, 1) == 0);
    took(set_option(client, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1) == 0);
    took(connect(client, &name.any, name.length) == 0);
    name = unwritten();
    int peer = accept(server, &name.any, &name.length);
    took(peer >= 0);
    name = peer_of(client);
    took(send(client, "x", 1, 0) == 1 && sendto(client, "x", 1, 0, NULL, 0) == 1);
    struct msghdr plain = {.msg_iov = &part, .msg_iovlen = 1};
    took(sendmsg(client, &plain, 0) == 1);
    took(recvmsg(peer, &message, 0) == 1);
    took(recvfrom(peer, &byte, 1, 0, &name.any, &name.length) == 1);
    took(get_option(client, SOL_SOCKET, SO_ERROR) == 0 && get_option(peer, IPPROTO_TCP, TCP_NODELAY) >= 0);
    int number;
    took(ioctl(client, FIONREAD, &number) == 0);
    took(shutdown(client, SHUT_WR) == 0);
    address nobody = ip(text, 1);
    int refused = socket(text[0] == ':' ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    took(connect(refused, &nobody.any, nobody.length) < 0 && errno == ECONNREFUSED);
    close(refused);
    nobody.any.sa_family = AF_UNSPEC;
    took(connect(client, &nobody.any, nobody.length) == 0);
    took(shutdown(server, SHUT_RDWR) == 0);
    took(dup2(server, peer) == peer);
    close(copy);
    close(client);
    close(server);
    close(peer);
    close(first);
    close(second);
}

static void datagrams(const char *text) {
    char byte, space[200];
    struct iovec part = {&byte, 1};
    address name, sender = unwritten(), any = ip(text, 0);
    int domain = any.any.sa_family;
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT};
    int set = epoll_create1(0), server = socket(domain, SOCK_DGRAM, 0), client = socket(domain, SOCK_DGRAM, 0);
    took(set_option(server, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
    took(set_option(server, domain == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
                    domain == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO, 1) == 0);
    took(bind(server, &any.any, any.length) == 0);
    name = name_of(server);
    took(epoll_ctl(set, EPOLL_CTL_ADD, client, &event) == 0);
    took(sendto(client, "x", 1, 0, &name.any, name.length) == 1);
    struct msghdr message = {
        .msg_name = &sender.any, .msg_namelen = sizeof sender.space, .msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    took(recvmsg(server, &message, 0) == 1);
    sender.length = message.msg_namelen;
    struct mmsghdr two[2] = {{{.msg_iov = &part, .msg_iovlen = 1}, 0}, {{.msg_iov = &part, .msg_iovlen = 1}, 0}};
    took(sendto(server, "x", 1, 0, &sender.any, sender.length) == 1);
    two[0].msg_hdr.msg_name = two[1].msg_hdr.msg_name = &name.any;
    two[0].msg_hdr.msg_namelen = two[1].msg_hdr.msg_namelen = name.length;
    took(sendmmsg(client, two, 2, 0) == 2);
    two[0].msg_hdr.msg_name = two[1].msg_hdr.msg_name = &sender.any;
    took(recvmmsg(server, two, 2, 0, NULL) == 2);
    int own = socket(domain, SOCK_DGRAM, 0);
    took(set_option(own, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
    took(connect(client, &name.any, name.length) == 0);
    took(connect(own, &name.any, name.length) == 0);
    took(send(own, "x", 1, 0) == 1);
    address nobody = ip(text, 1);
    took(connect(own, &nobody.any, nobody.length) == 0);
    sendto(own, "x", 1, 0, &nobody.any, nobody.length);
    close(own);
    close(client);
    close(server);
    close(set);
}

static void all(void) {
    streams("127.0.0.1");
    streams("::1");
    datagrams("127.0.0.1");
    datagrams("::1");
}

static void *in_thread(void *unused) {
    all();
    return unused;
}

static void handler(int number) {
    (void)number;
    all();
}

/* A stack with a page below it that cannot be accessed; what was never used of it is 0xa5. */
static unsigned char *stack_of(size_t size) {
    unsigned char *at = mmap(NULL, SIZE(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        die("mmap");
    CHECK(mprotect(at, PAGE, PROT_NONE));
    memset(at + PAGE, 0xa5, size);
    return at + PAGE;
}

/* With PROBE_VERBOSE: for whoever looks for what uses much. */
static void tell_rest(const char *what, const unsigned char *stack) {
    size_t rest = 0;
    while (stack[rest] == 0xa5)
        rest++;
    if (getenv("PROBE_VERBOSE") != NULL)
        dprintf(STDERR_FILENO, "%s: %zu bytes were never used\n", what, rest);
}

int main(void) {
    size_t said = getauxval(AT_MINSIGSTKSZ), frame = said != 0 ? said : FRAME; /* kernels before 5.14 do not say */
    size_t handler_stack = HANDLER_STACK - FRAME + frame;
    pthread_attr_t attributes;
    pthread_t thread;
    probe_start();
    signal(SIGPIPE, SIG_IGN);
    unsigned char *stack = stack_of(THREAD_STACK);
    CHECK(-pthread_attr_init(&attributes));
    CHECK(-pthread_attr_setstack(&attributes, stack, THREAD_STACK));
    CHECK(-pthread_create(&thread, &attributes, in_thread, NULL));
    pthread_join(thread, NULL);
    fact("in a thread", "%d", good);
    tell_rest("in a thread", stack);
    stack = stack_of(handler_stack);
    stack_t alternate = {.ss_sp = stack, .ss_size = handler_stack};
    CHECK(sigaltstack(&alternate, NULL));
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    CHECK(sigaction(SIGUSR1, &action, NULL));
    good = 0;
    raise(SIGUSR1);
    fact("in a handler", "%d", good);
    tell_rest("in a handler", stack);
    return 0;
}
