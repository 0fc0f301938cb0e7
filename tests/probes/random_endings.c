/*
 * Random calls on connected streams and their listeners: sends, reads, shutdowns, closes and waits in every order, and
 * the events of poll, select and epoll meanwhile. Usage: random_endings SEED CALLS.
 *
 * Left out, since it is known to differ (docs/limits.md): reading a reset that no call has reported before; clients in
 * a listener's queue when it is shut down or closed; data after a shutdown of reading; and a close with unread data
 * after a shutdown of writing.
 */
#include "random.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>

#define SLOTS 10
#define LISTENERS 2
#define MOST_WAITING 3
#define ROOM 6000
#define NOBODY 20009 /* a port that is never bound */

/* One end of a connection. Duplicates share it. */
struct end {
    struct end *peer; /* NULL: of a client that nobody has accepted */
    int slots;
    bool writes, reads; /* still */
};

static struct end ends[ROOM];
static int ends_used;

static int streams[SLOTS]; /* -1: free */
static struct end *end_of[SLOTS];
static struct {
    int fd;
    struct end *waiting[MOST_WAITING]; /* clients in the queue */
    int count;
    bool listening;
} listeners[LISTENERS];
static int set, port[LISTENERS];
static volatile sig_atomic_t signals;

static void count_signal(int signal) {
    (void)signal;
    signals++;
}

static void say_result(const char *what, int slot, long result) {
    char text[64];
    snprintf(text, sizeof text, "%s%s", signals != 0 ? "signal, " : "", result < 0 ? errno_name(errno) : "");
    if (result >= 0)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%ld", result);
    signals = 0;
    say(what, slot, text);
}

static int free_slot(void) {
    for (int i = 0; i < SLOTS; i++)
        if (streams[i] < 0)
            return i;
    return -1;
}

static int used_slot(void) {
    int slot = (int)roll(SLOTS);
    for (int tries = 0; tries < SLOTS && streams[slot] < 0; tries++)
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* Turns TCP_NODELAY on, so that data arrive at once. */
static struct end *new_end(int slot, int fd) {
    CHECK(set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1));
    struct end *made = &ends[ends_used++];
    if (ends_used == ROOM)
        die("more connections than were thought of");
    *made = (struct end){.slots = 1, .writes = true, .reads = true};
    streams[slot] = fd;
    end_of[slot] = made;
    return made;
}

static void join_queue(int which, struct end *made) {
    if (listeners[which].listening)
        listeners[which].waiting[listeners[which].count++] = made;
}

static void connect_one(void) {
    int which = (int)roll(LISTENERS), slot = free_slot();
    if (slot < 0 || listeners[which].count == MOST_WAITING || !listeners[which].listening)
        return;
    join_queue(which, new_end(slot, connected("127.0.0.1", port[which])));
    set_nonblocking(streams[slot]);
    say_result("connect", slot, which);
}

static void accept_one(void) {
    int which = (int)roll(LISTENERS), slot = free_slot();
    if (slot < 0)
        return;
    long fd = accept4(listeners[which].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    say_result("accept", which, fd < 0 ? fd : slot);
    if (fd < 0)
        return;
    struct end *made = new_end(slot, (int)fd);
    made->peer = listeners[which].waiting[0];
    made->peer->peer = made;
    for (int i = 1; i < listeners[which].count; i++)
        listeners[which].waiting[i - 1] = listeners[which].waiting[i];
    listeners[which].count--;
}

static void send_some(int slot) {
    static const char data[ROOM];
    if (end_of[slot]->peer != NULL && !end_of[slot]->peer->reads)
        return;
    size_t size = 1 + roll(roll(4) == 0 ? ROOM - 1 : 3), half = size / 2;
    int fd = streams[slot];
    struct iovec parts[2] = {{(void *)(uintptr_t)data, half}, {(void *)(uintptr_t)data, size - half}};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = parts, .msg_iovlen = 2}};
    switch (roll(6)) {
    case 0:
        say_result("write", slot, write(fd, data, size));
        return;
    case 1:
        say_result("send", slot, send(fd, data, size, roll(2) == 0 ? MSG_NOSIGNAL : 0));
        return;
    case 2:
        say_result("sendto", slot, sendto(fd, data, size, MSG_DONTWAIT, NULL, 0));
        return;
    case 3:
        say_result("writev", slot, writev(fd, parts, 2));
        return;
    case 4:
        say_result("sendmsg", slot, sendmsg(fd, &message.msg_hdr, 0));
        return;
    default:
        say_result("sendmmsg", slot, sendmmsg(fd, &message, 1, 0));
    }
}

/* Takes pending edges: their number differs from TCP, and changes nothing. */
static void take_edges(void) {
    struct epoll_event events[SLOTS];
    CHECK(epoll_wait(set, events, SLOTS, 0));
}

static void receive_by(unsigned call, int slot) {
    static char data[ROOM];
    size_t size = roll(3) == 0 ? ROOM : 1 + roll(4);
    int fd = streams[slot];
    struct iovec part = {data, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    switch (call) {
    case 0:
        say_result("read", slot, read(fd, data, size));
        return;
    case 1:
        say_result("recv", slot, recv(fd, data, size, 0));
        return;
    case 2:
        say_result("peek", slot, recv(fd, data, size, MSG_PEEK));
        return;
    case 3:
        say_result("recvfrom", slot, recvfrom(fd, data, size, 0, NULL, NULL));
        return;
    default:
        say_result("recvmsg", slot, recvmsg(fd, &message, 0));
    }
}

static void receive_some(int slot) {
    ready(streams[slot], 0, 0);
    receive_by(roll(5), slot);
    take_edges();
}

static void wait_by_poll(const char *what, int slot, int fd) {
    static const short asked[] = {POLLIN, POLLOUT, POLLIN | POLLOUT, POLLIN | POLLRDHUP, POLLRDHUP, 0};
    char text[32];
    short events = asked[roll(sizeof asked / sizeof asked[0])];
    snprintf(text, sizeof text, "for 0x%x 0x%x", (unsigned)events, (unsigned)ready(fd, events, 0));
    say(what, slot, text);
}

static void wait_by_select(int slot) {
    char text[48];
    fd_set in, out;
    struct timeval at_once = {0};
    FD_ZERO(&in);
    FD_SET(streams[slot], &in);
    out = in;
    int count = CHECK(select(streams[slot] + 1, &in, &out, NULL, &at_once));
    snprintf(text, sizeof text, "%d, in %d, out %d", count, FD_ISSET(streams[slot], &in) != 0,
             FD_ISSET(streams[slot], &out) != 0);
    say("select", slot, text);
}

static void registered(int slot) {
    static const uint32_t asked[] = {EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLRDHUP, EPOLLIN | EPOLLOUT | EPOLLRDHUP, 0};
    static const uint32_t ways[] = {0, EPOLLET, EPOLLONESHOT};
    static const struct {
        int number;
        const char *name;
    } operations[] = {{EPOLL_CTL_ADD, "add"}, {EPOLL_CTL_MOD, "modify"}, {EPOLL_CTL_DEL, "delete"}};
    unsigned operation = roll(3);
    struct epoll_event event = {.events = asked[roll(sizeof asked / sizeof asked[0])] | ways[roll(3)]};
    char what[32];
    event.data.u32 = (uint32_t)slot;
    snprintf(what, sizeof what, "%s 0x%x", operations[operation].name, event.events);
    say_result(what, slot, epoll_ctl(set, operations[operation].number, streams[slot], &event));
}

/* Without waiting, to a server or to nobody; registered and asked before, and asked for again. */
static void start_connect(void) {
    int which = (int)roll(LISTENERS), slot = free_slot();
    bool nobody = roll(3) == 0;
    if (slot < 0 || listeners[which].count == MOST_WAITING)
        return;
    struct end *made = new_end(slot, CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)));
    if (roll(2) == 0)
        registered(slot);
    if (roll(4) == 0)
        wait_by_poll("poll before", slot, streams[slot]);
    say_result("start of connect", slot, connect_to(streams[slot], "127.0.0.1", nobody ? NOBODY : port[which]));
    for (unsigned more = nobody ? roll(3) : 0; more > 0; more--)
        say_result("connect again", slot, connect_to(streams[slot], "127.0.0.1", NOBODY));
    if (!nobody)
        join_queue(which, made);
}

static void wait_by_epoll(void) {
    struct epoll_event events[SLOTS];
    uint32_t told[SLOTS] = {0};
    char text[SLOTS * 16] = "";
    int count = CHECK(epoll_wait(set, events, SLOTS, 0));
    for (int i = 0; i < count; i++)
        told[events[i].data.u32] = events[i].events;
    for (int slot = 0, length = 0; slot < SLOTS; slot++)
        if (told[slot] != 0)
            length += snprintf(text + length, sizeof text - (size_t)length, "%d:0x%x ", slot, told[slot]);
    say("epoll_wait", count, text);
}

static void close_one(int slot) {
    struct end *end = end_of[slot];
    char data[ROOM];
    if (end->slots == 1 && !end->writes)
        while (recv(streams[slot], data, sizeof data, MSG_DONTWAIT) > 0)
            continue;
    /* A duplicate keeps it registered, by a number that nobody has. */
    epoll_ctl(set, EPOLL_CTL_DEL, streams[slot], NULL);
    say_result("close", slot, close(streams[slot]));
    streams[slot] = -1;
    end->slots--;
    if (!end->writes)
        take_edges();
}

static void end_one(int slot) {
    struct end *end = end_of[slot];
    if (roll(3) != 0) {
        close_one(slot);
        return;
    }
    bool both = roll(3) == 0;
    if (!end->reads)
        return;
    int result = shutdown(streams[slot], both ? SHUT_RDWR : SHUT_WR);
    say_result(both ? "shutdown" : "shutdown of writing", slot, result);
    if (result < 0 || !end->writes)
        take_edges();
    end->writes = false;
    end->reads = !both;
}

/* Errors, names and how much there is to read. */
static void ask(int slot) {
    int error = -1, size = -1, fd = streams[slot];
    socklen_t length = sizeof error;
    address peer = unwritten();
    CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
    say("error", slot, errno_name(error));
    if (end_of[slot]->reads)
        say_result("getpeername", slot, getpeername(fd, &peer.any, &peer.length));
    CHECK(ioctl(fd, FIONREAD, &size));
    say_result("FIONREAD", slot, size);
}

static void duplicate(int slot) {
    int fd = CHECK(dup(streams[slot]));
    if (roll(2) == 0) {
        epoll_ctl(set, EPOLL_CTL_DEL, streams[slot], NULL);
        close(streams[slot]);
        streams[slot] = fd;
        say("dup and close", slot, "ok");
        return;
    }
    int other = free_slot();
    if (other < 0) {
        close(fd);
        return;
    }
    streams[other] = fd;
    end_of[other] = end_of[slot];
    end_of[slot]->slots++;
    say_result("dup", slot, other);
}

static void start_listener(int which) {
    listeners[which].fd = listening("127.0.0.1", port[which]);
    set_nonblocking(listeners[which].fd);
    listeners[which].listening = true;
    port[which] = own_port(listeners[which].fd);
}

static void change_listener(void) {
    int which = (int)roll(LISTENERS), fd = listeners[which].fd;
    if (listeners[which].count > 0)
        return;
    if (!listeners[which].listening) {
        say_result("listen", which, listen(fd, 8));
        listeners[which].listening = true;
        return;
    }
    if (roll(2) == 0) {
        CHECK(close(fd));
        start_listener(which);
        say("listener closed", which, "ok");
        return;
    }
    int how = roll(2) == 0 ? SHUT_RD : SHUT_RDWR;
    say_result("shutdown of a listener", which, shutdown(fd, how));
    listeners[which].listening = false;
}

static void one_call(void) {
    unsigned what = roll(40);
    int slot = used_slot(), which = (int)roll(LISTENERS);
    if (what < 3 || streams[slot] < 0)
        connect_one();
    else if (what < 5)
        start_connect();
    else if (what < 9)
        accept_one();
    else if (what < 14)
        send_some(slot);
    else if (what < 19)
        receive_some(slot);
    else if (what < 23)
        wait_by_poll("poll", slot, streams[slot]);
    else if (what < 24)
        wait_by_poll("poll of a listener", which, listeners[which].fd);
    else if (what < 26)
        wait_by_select(slot);
    else if (what < 29)
        registered(slot);
    else if (what < 33)
        wait_by_epoll();
    else if (what < 36)
        end_one(slot);
    else if (what < 37)
        ask(slot);
    else if (what < 38)
        duplicate(slot);
    else
        change_listener();
}

int main(int argc, char **argv) {
    if (argc < 3)
        die("usage: random_endings SEED CALLS");
    probe_start();
    signal(SIGPIPE, count_signal);
    random_start(argv[1]);
    set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    for (int i = 0; i < SLOTS; i++)
        streams[i] = -1;
    for (int i = 0; i < LISTENERS; i++) {
        port[i] = 20001 + i;
        start_listener(i);
    }
    for (int calls = atoi(argv[2]); step < calls; step++)
        one_call();
    return 0;
}
