/* epoll_wait, epoll_pwait and epoll_pwait2 after the peer's end: level, edge and one-shot, with several events; their
 * waiting; and that registrations stay. */
#include "endings.h"

#include <pthread.h>
#include <sys/epoll.h>

static const uint32_t asked[] = {0, EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLRDHUP, EPOLLRDHUP, EPOLLPRI};
static const uint32_t kinds[] = {0, EPOLLET, EPOLLONESHOT};
static const char *const kind_names[] = {"level", "edge", "once"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int new_set(void) {
    return CHECK(epoll_create1(EPOLL_CLOEXEC));
}

static int control(int set, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(set, operation, fd, &event);
}

/* By one of the three calls, in turn. The last one came with Linux 5.11. */
static int wait_for(int set, struct epoll_event *events, int most, int milliseconds) {
    static unsigned turn;
    struct timespec patience = {milliseconds / 1000, milliseconds % 1000 * 1000000l};
    unsigned call = turn++ % 3;
    if (call == 0)
        return CHECK(epoll_wait(set, events, most, milliseconds));
    int count = call == 2 ? epoll_pwait2(set, events, most, &patience, NULL) : -1;
    if (call == 1 || (count < 0 && errno == ENOSYS))
        count = epoll_pwait(set, events, most, milliseconds, NULL);
    return CHECK(count);
}

static void show(const char *story, const char *what, int set, int milliseconds) {
    char name[160], line[160] = "";
    struct epoll_event events[4];
    int count = wait_for(set, events, 4, milliseconds);
    if (count == 2 && events[0].data.u64 > events[1].data.u64) {
        struct epoll_event first = events[0];
        events[0] = events[1];
        events[1] = first;
    }
    snprintf(name, sizeof name, "%s: %s", story, what);
    for (int i = 0; i < count; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), " 0x%x with 0x%llx", events[i].events,
                 (unsigned long long)events[i].data.u64);
    fact(name, "%d%s", count, line);
}

#define POINTER 0x7fff12345678abcdull

/* Registered before the peer's end, or after it. */
static void register_and_end(enum end end, uint32_t events, unsigned kind, bool before) {
    char story[120];
    struct pair pair = make_pair(end % 2 == 0);
    int set = new_set();
    snprintf(story, sizeof story, "%s, asked for 0x%x, %s, %s", end_names[end], events, kind_names[kind],
             before ? "before" : "after");
    if (before) {
        CHECK(control(set, EPOLL_CTL_ADD, pair.fd, events | kinds[kind], POINTER));
        show(story, "while open", set, 0);
        if (kind == 2)
            CHECK(control(set, EPOLL_CTL_MOD, pair.fd, events | kinds[kind], POINTER + 1));
    }
    peer_ends(&pair, end);
    if (!before)
        CHECK(control(set, EPOLL_CTL_ADD, pair.fd, events | kinds[kind], POINTER));
    show(story, "first", set, 0);
    show(story, "second", set, 0);
    show(story, "third", set, 0);
    CHECK(control(set, EPOLL_CTL_MOD, pair.fd, EPOLLIN | EPOLLOUT | kinds[kind], 5));
    show(story, "modified", set, 0);
    show(story, "again", set, 0);
    CHECK(control(set, EPOLL_CTL_MOD, pair.fd, events | kinds[kind], 6));
    show(story, "modified back", set, 0);
    fact_call("own shutdown", shutdown(pair.fd, SHUT_WR));
    /* Over TCP the peer's answer wakes it again. */
    if (end != OPEN && end != SHUT_READ)
        ready(pair.fd, 0, 2000);
    if (kind != 1)
        show(story, "both ended", set, 0);
    if (kind != 1)
        show(story, "still", set, 0);
    fact_call("deleted", control(set, EPOLL_CTL_DEL, pair.fd, 0, 0));
    show(story, "then", set, 0);
    close(set);
    drop_pair(&pair);
}

/* It waits as long as it was told to and does nothing meanwhile. */
static void wait_for_nothing(unsigned kind) {
    char story[80];
    struct pair pair = make_pair(false);
    int set = new_set();
    snprintf(story, sizeof story, "nothing asked, %s", kind_names[kind]);
    CHECK(control(set, EPOLL_CTL_ADD, pair.fd, kinds[kind], pair.fd));
    peer_ends(&pair, CLOSED);
    for (int i = 0; i < 3; i++) {
        long start = now_ms(), before = used();
        show(story, "waited", set, 200);
        fact_yes("as long as told", now_ms() - start >= 190);
        fact_yes("not busy", used() - before < 100);
    }
    close(set);
    drop_pair(&pair);
}

struct job {
    int went;
    int fd;
    int how; /* shutdown's, or -1: writes a byte, or -2: closes */
};

static void *later(void *data) {
    struct job *job = data;
    wait_byte(job->went);
    poll(NULL, 0, 30);
    if (job->how == -1)
        send_byte(job->fd);
    else if (job->how == -2)
        close(job->fd);
    else
        CHECK(shutdown(job->fd, job->how));
    return NULL;
}

/* A thread does something a moment after this one began to wait. */
static void wait_while(const char *story, int set, int fd, int how) {
    int ends[2];
    pthread_t thread;
    CHECK(pipe(ends));
    struct job job = {ends[0], fd, how};
    if (pthread_create(&thread, NULL, later, &job) != 0)
        die("pthread_create");
    send_byte(ends[1]);
    show(story, "waited", set, 5000);
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
}

static void threads(uint32_t events, unsigned kind) {
    char story[100];
    struct pair pair = make_pair(true), other = make_pair(false);
    int set = new_set();
    snprintf(story, sizeof story, "0x%x, %s, this side shuts down", events, kind_names[kind]);
    CHECK(control(set, EPOLL_CTL_ADD, pair.fd, events | kinds[kind], 7));
    peer_ends(&pair, CLOSED);
    show(story, "before", set, 0);
    wait_while(story, set, pair.fd, SHUT_WR);
    close(set);
    drop_pair(&pair);
    /* One that has hung up delays nobody, however few events are taken at once. */
    pair = make_pair(true);
    set = new_set();
    snprintf(story, sizeof story, "0x%x, %s, another has something", events, kind_names[kind]);
    CHECK(control(set, EPOLL_CTL_ADD, pair.fd, kinds[kind], 8));
    CHECK(control(set, EPOLL_CTL_ADD, other.fd, EPOLLIN, 9));
    peer_ends(&pair, CLOSED);
    wait_while(story, set, other.peer, -1);
    struct epoll_event one;
    for (int i = 0; i < 3; i++) {
        int count = wait_for(set, &one, 1, 0);
        fact(story, "%d, 0x%x with %llu", count, one.events, (unsigned long long)one.data.u64);
    }
    close(set);
    drop_pair(&other);
    drop_pair(&pair);
    pair = make_pair(false);
    set = new_set();
    snprintf(story, sizeof story, "0x%x, %s, the peer closes", events, kind_names[kind]);
    CHECK(control(set, EPOLL_CTL_ADD, pair.fd, events | EPOLLRDHUP | kinds[kind], 7));
    show(story, "before", set, 0);
    int peer = pair.peer;
    pair.peer = -1;
    wait_while(story, set, peer, -2);
    close(set);
    drop_pair(&pair);
}

/* A write that is lost brings the error, as over TCP: to who has heard of the end before, and waits on. */
static void lost_write(uint32_t events, unsigned kind) {
    char story[60];
    struct pair pair = make_pair(true);
    int set = new_set(), other = CHECK(dup(pair.fd));
    snprintf(story, sizeof story, "lost write, 0x%x, %s", events, kind_names[kind]);
    CHECK(control(set, EPOLL_CTL_ADD, pair.fd, events | kinds[kind], 7));
    peer_ends(&pair, CLOSED);
    show(story, "before it", set, 0);
    show(story, "once more", set, 0);
    CHECK(control(set, EPOLL_CTL_ADD, other, events | EPOLLET, 8));
    show(story, "a duplicate", set, 0);
    if (send(pair.fd, "hello", 5, MSG_NOSIGNAL) != 5)
        die("the first write");
    ready(pair.fd, 0, 2000);
    show(story, "after it", set, 0);
    fact(story, "%s", errno_name(get_option(pair.fd, SOL_SOCKET, SO_ERROR)));
    show(story, "when it was told", set, 0);
    fact(story, "another write: %s", send(pair.fd, "hello", 5, MSG_NOSIGNAL) < 0 ? errno_name(errno) : "taken");
    show(story, "after that", set, 0);
    if (kind == 2 && control(set, EPOLL_CTL_MOD, pair.fd, events | EPOLLONESHOT, 9) == 0)
        show(story, "armed again", set, 0);
    close(set);
    close(other);
    drop_pair(&pair);
}

/* By duplicates, in several sets, in children, with one set inside another, and with others' descriptors beside. */
static void corners(void) {
    struct pair pair = make_pair(true);
    int first = new_set(), second = new_set(), other = CHECK(dup(pair.fd)), ends[2];
    CHECK(pipe(ends));
    CHECK(control(first, EPOLL_CTL_ADD, pair.fd, EPOLLIN, 1));
    CHECK(control(first, EPOLL_CTL_ADD, other, EPOLLOUT, 2));
    CHECK(control(second, EPOLL_CTL_ADD, pair.fd, EPOLLRDHUP, 3));
    CHECK(control(second, EPOLL_CTL_ADD, ends[0], EPOLLIN, 4));
    peer_ends(&pair, CLOSED);
    close(ends[1]);
    for (int i = 0; i < 2; i++) {
        show("corners", "first set", first, 0);
        show("corners", "second set", second, 0);
    }
    pid_t child = fork_peer();
    if (child == 0) {
        show("corners", "first set in a child", first, 0);
        _exit(0);
    }
    ended(child);
    close(ends[0]);
    close(other);
    int outer = new_set();
    CHECK(control(outer, EPOLL_CTL_ADD, first, EPOLLIN, 10));
    show("corners", "a set in a set", outer, 0);
    close(first);
    close(second);
    close(outer);
    drop_pair(&pair);
    /* The same data for many, as who keeps no data has it. */
    struct pair two[2] = {make_pair(true), make_pair(false)};
    first = new_set();
    for (int i = 0; i < 2; i++) {
        CHECK(control(first, EPOLL_CTL_ADD, two[i].fd, EPOLLIN, 0));
        peer_ends(&two[i], CLOSED);
    }
    show("corners", "the same data", first, 0);
    close(first);
    drop_pair(&two[0]);
    drop_pair(&two[1]);
}

int main(void) {
    probe_start();
    count_pipes();
    for (int end = OPEN; end < ENDS; end++)
        for (unsigned i = 0; i < COUNT(asked); i++)
            for (unsigned kind = 0; kind < COUNT(kinds); kind++) {
                register_and_end((enum end)end, asked[i], kind, true);
                register_and_end((enum end)end, asked[i], kind, false);
            }
    for (unsigned kind = 0; kind < COUNT(kinds); kind++) {
        wait_for_nothing(kind);
        threads(0, kind);
        threads(EPOLLIN, kind);
        for (unsigned i = 0; i < COUNT(asked); i++)
            lost_write(asked[i], kind);
    }
    corners();
    return 0;
}
