/*
 * Which registration a socket has in which epoll set outlives bind and connect: many sets, sets under several numbers,
 * sockets that were inherited or made by a raw system call, and no descriptor to spare.
 */
#include "../support/past_libc.h"
#include "epoll.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#define MANY_SETS 100
#define INHERITED 50
#define FILLED 200

static void raw_socket(void) {
    int set = new_set(), client = (int)CHECK(PAST_LIBC(socket, AF_INET, SOCK_STREAM, 0));
    add(set, client, EPOLLIN, 11);
    int peer = join(client);
    show_after_byte("socket of a raw system call", set, peer);
    close_both(client, peer);
    close(set);
}

/* Registered in two sets before anything was known of it, and once again after. */
static void raw_socket_in_sets(void) {
    int a = new_set(), b = new_set(), c = new_set(), client = (int)CHECK(PAST_LIBC(socket, AF_INET, SOCK_STREAM, 0));
    address name = unwritten();
    add(a, client, EPOLLIN, 1);
    add(b, client, EPOLLIN, 2);
    CHECK(getsockname(client, &name.any, &name.length));
    add(c, client, EPOLLIN, 3);
    int peer = join(client);
    show_after_byte("raw socket in sets: first", a, peer);
    show("raw socket in sets: second", b);
    show("raw socket in sets: third, when it was known", c);
    close_both(client, peer);
    close(a), close(b), close(c);
}

static void inherited(void) {
    int set = new_set();
    fact_call("inherited socket: added", control(set, EPOLL_CTL_ADD, INHERITED, EPOLLIN, 42));
    int peer = join(INHERITED);
    show_after_byte("inherited socket", set, peer);
    close_both(INHERITED, peer);
    close(set);
}

static void duplicated_set(const char *name, bool duplicated_first, int (*duplicate)(int)) {
    int set = new_set(), client = next_socket(), copy = -1;
    char text[80];
    if (duplicated_first)
        copy = CHECK(duplicate(set));
    add(set, client, EPOLLIN, 5);
    if (!duplicated_first)
        copy = CHECK(duplicate(set));
    close(set);
    int peer = join(client);
    snprintf(text, sizeof text, "set closed, used through its duplicate (%s, %s)", name,
             duplicated_first ? "first" : "later");
    show_after_byte(text, copy, peer);
    fact_call("modified through the duplicate", control(copy, EPOLL_CTL_MOD, client, EPOLLIN, 6));
    show("modified through the duplicate: events", copy);
    CHECK(connect(client, &none, sizeof none));
    close(peer);
    peer = join(client);
    show_after_byte("set's duplicate, connected once more", copy, peer);
    fact_call("deleted through the duplicate", control(copy, EPOLL_CTL_DEL, client, 0, 0));
    close_both(client, peer);
    close(copy);
}

static int by_dup(int fd) {
    return dup(fd);
}
static int by_dup2(int fd) {
    return dup2(fd, 60);
}
static int by_dup3(int fd) {
    return dup3(fd, 61, O_CLOEXEC);
}
static int by_fcntl(int fd) {
    return fcntl(fd, F_DUPFD_CLOEXEC, 62);
}

static void duplicated_sets(void) {
    for (int first = 0; first < 2; first++) {
        duplicated_set("dup", first, by_dup);
        duplicated_set("dup2", first, by_dup2);
        duplicated_set("dup3", first, by_dup3);
        duplicated_set("fcntl", first, by_fcntl);
    }
}

/* The set's number becomes another set's, and the socket is in both. */
static void number_of_other_set(void) {
    int set = new_set(), client = next_socket();
    add(set, client, EPOLLIN, 1);
    int copy = CHECK(dup(set));
    close(set);
    int other = new_set();
    fact_yes("another set has the number", other == set);
    add(other, client, EPOLLIN, 2);
    int peer = join(client);
    show_after_byte("another set has the number: it", other, peer);
    show("another set has the number: the first, by its duplicate", copy);
    close_both(client, peer);
    close_both(other, copy);
}

/* The socket's number is still registered for another socket, which lives on under another number. */
static void number_of_other_socket(void) {
    int set = new_set(), client = next_socket(), copy = CHECK(dup(client));
    struct epoll_event event;
    add(set, client, EPOLLIN | EPOLLET, 1);
    while (epoll_wait(set, &event, 1, 0) > 0) {
    }
    int new = next_socket(), other = new_set();
    CHECK(dup2(new, client));
    close(new);
    add(set, client, EPOLLIN, 2);
    add(other, client, EPOLLIN, 3);
    int peer = join(client);
    show_after_byte("another socket has the number", set, peer);
    show("another socket has the number: second set", other);
    close_both(client, peer);
    close(other);
    close_both(copy, set);
}

static void many_sets(void) {
    int sets[MANY_SETS], two = next_socket(), all = next_socket(), right = 0;
    struct epoll_event event;
    for (int i = 0; i < MANY_SETS; i++) {
        sets[i] = new_set();
        add(sets[i], server, EPOLLIN, 1000);
    }
    add(sets[91], two, EPOLLIN, 91);
    add(sets[92], two, EPOLLIN, 92);
    for (int i = 0; i < 8; i++)
        add(sets[i], all, EPOLLIN, (uint64_t)i);
    int peer = join(two);
    show_after_byte("many sets: one", sets[91], peer);
    show("many sets: another", sets[92]);
    close_both(two, peer);
    peer = join(all);
    send_byte(peer);
    for (int i = 0; i < 8; i++)
        right += epoll_wait(sets[i], &event, 1, 1000) == 1 && event.data.u64 == (uint64_t)i;
    fact("many sets: one socket in eight: right", "%d", right);
    close_both(all, peer);
    for (int i = 0; i < MANY_SETS; i++)
        close(sets[i]);
}

/* Room for just one more descriptor: the program's data must not be mixed up then, either. */
static void leave_room_for_one(struct rlimit *before) {
    int last;
    do
        last = CHECK(dup(STDIN_FILENO));
    while (last < FILLED);
    close(last);
    CHECK(getrlimit(RLIMIT_NOFILE, before));
    struct rlimit low = {(rlim_t)last + 1, before->rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &low));
}

static void no_descriptor_to_spare(void) {
    int a = new_set(), b = new_set(), c = new_set(), client = next_socket();
    add(a, client, EPOLLIN, 100);
    add(b, client, EPOLLIN, 200);
    add(c, client, EPOLLIN, 300);
    CHECK(control(b, EPOLL_CTL_MOD, client, EPOLLIN, 201));
    CHECK(control(a, EPOLL_CTL_DEL, client, 0, 0));
    add(a, client, EPOLLIN | EPOLLRDHUP, 101);
    struct rlimit before;
    leave_room_for_one(&before);
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    CHECK(setrlimit(RLIMIT_NOFILE, &before));
    int peer = CHECK(accept(server, NULL, NULL));
    show_after_byte("no descriptor to spare: first", a, peer);
    show("no descriptor to spare: second", b);
    show("no descriptor to spare: third", c);
    close_both(client, peer);
    close(a), close(b), close(c);
    for (int fd = STDERR_FILENO + 1; fd < FILLED; fd++)
        if (fd != server)
            close(fd);
}

int main(int argc, char **argv) {
    start();
    if (argc > 1) {
        inherited();
        return 0;
    }
    raw_socket();
    raw_socket_in_sets();
    duplicated_sets();
    number_of_other_set();
    number_of_other_socket();
    many_sets();
    CHECK(dup2(next_socket(), INHERITED + FILLED));
    no_descriptor_to_spare();
    CHECK(dup2(INHERITED + FILLED, INHERITED));
    CHECK(close(server));
    CHECK(execl("/proc/self/exe", argv[0], "inherited", NULL));
}
