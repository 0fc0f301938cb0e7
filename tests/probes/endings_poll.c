/* poll, ppoll, select and pselect after the peer's end, with several events, and their waiting. */
#include "endings.h"

#include <pthread.h>
#include <sys/select.h>
#include <time.h>

enum own { NOTHING, OWN_WRITE, OWN_READ, OWN_BOTH, LOST_WRITE, OWNS };

static const char *const own_names[OWNS] = {"", "own shut write, ", "own shut read, ", "own shut both, ",
                                            "lost write, "};
static const short asked[] = {0, POLLIN, POLLOUT, POLLPRI, POLLIN | POLLOUT, POLLIN | POLLRDHUP, POLLRDHUP};

static void own_ends(const struct pair *pair, enum own own) {
    if (own == OWN_WRITE || own == OWN_READ || own == OWN_BOTH)
        CHECK(shutdown(pair->fd, own == OWN_WRITE ? SHUT_WR : own == OWN_READ ? SHUT_RD : SHUT_RDWR));
    if (own == LOST_WRITE) {
        send(pair->fd, "hello", 5, MSG_NOSIGNAL);
        ready(pair->fd, 0, 100);
    }
}

static int select_one(int fd, int milliseconds, bool with_mask) {
    fd_set in, out, other;
    struct timeval patience = {milliseconds / 1000, milliseconds % 1000 * 1000};
    struct timespec same = {patience.tv_sec, patience.tv_usec * 1000};
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&other);
    FD_SET(fd, &in);
    FD_SET(fd, &out);
    FD_SET(fd, &other);
    int count = CHECK(with_mask ? pselect(fd + 1, &in, &out, &other, &same, NULL)
                                : select(fd + 1, &in, &out, &other, &patience));
    return count * 1000 + (FD_ISSET(fd, &in) ? 1 : 0) + (FD_ISSET(fd, &out) ? 10 : 0) +
           (FD_ISSET(fd, &other) ? 100 : 0);
}

static void ask(enum end end, enum own own) {
    char name[160];
    struct pair pair = make_pair(end % 2 == 1);
    struct timespec now = {0, 0};
    peer_ends(&pair, end);
    own_ends(&pair, own);
    for (unsigned i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct pollfd one = {.fd = pair.fd, .events = asked[i], .revents = 0x7777};
        int count = CHECK(i % 2 ? ppoll(&one, 1, &now, NULL) : poll(&one, 1, 0));
        snprintf(name, sizeof name, "%s%s, asked for 0x%x", own_names[own], end_names[end], asked[i]);
        fact(name, "%d, 0x%x", count, one.revents);
    }
    snprintf(name, sizeof name, "%s%s, select", own_names[own], end_names[end]);
    fact(name, "%d, %d", select_one(pair.fd, 0, false), select_one(pair.fd, 0, true));
    drop_pair(&pair);
}

/* Asked for nothing it waits as long as it was told to, and does nothing meanwhile. */
static void wait_for_nothing(void) {
    struct pair pair = make_pair(false);
    peer_ends(&pair, CLOSED);
    struct timespec patience = {0, 300 * 1000000};
    struct pollfd one = {.fd = pair.fd};
    long start = now_ms(), before = used();
    int count = CHECK(poll(&one, 1, 300));
    fact("nothing asked, poll", "%d, 0x%x", count, one.revents);
    fact_yes("it waited", now_ms() - start >= 290);
    start = now_ms();
    count = CHECK(ppoll(&one, 1, &patience, NULL));
    fact("nothing asked, ppoll", "%d, 0x%x", count, one.revents);
    fact_yes("it waited too", now_ms() - start >= 290);
    fact_yes("neither was busy", used() - before < 150);
    fact("the time-out is as it was", "%ld", patience.tv_nsec);
    drop_pair(&pair);
}

struct job {
    int went;
    int fd;
    int what;
};

static void *shut_later(void *data) {
    struct job *job = data;
    wait_byte(job->went);
    poll(NULL, 0, 30);
    if (job->what < 0)
        send_byte(job->fd);
    else if (job->what == 99)
        close(job->fd);
    else
        CHECK(shutdown(job->fd, job->what));
    return NULL;
}

/* Some thread does something 30 ms after this one began to wait for `events` of `pair`, beside an idle connection and
 * a busy one. */
static void wait_while(const char *name, struct pair *pair, short events, int fd, int what) {
    int pipes_of[2], many = 70;
    pthread_t thread;
    struct pollfd all[80];
    CHECK(pipe(pipes_of));
    struct job job = {pipes_of[0], fd, what};
    if (pthread_create(&thread, NULL, shut_later, &job) != 0)
        die("pthread_create");
    all[0] = (struct pollfd){.fd = pair->fd, .events = events};
    for (int i = 1; i < many; i++)
        all[i] = (struct pollfd){.fd = i % 3 ? -1 : pair->fd, .events = 0};
    all[many] = (struct pollfd){.fd = pair->listener, .events = POLLIN};
    send_byte(pipes_of[1]);
    int count = poll(all, (nfds_t)many + 1, 5000);
    fact(name, "%d, 0x%x 0x%x 0x%x", count, all[0].revents, all[3].revents, all[many].revents);
    pthread_join(thread, NULL);
    close(pipes_of[0]);
    close(pipes_of[1]);
}

static void threads(void) {
    struct pair pair = make_pair(false);
    peer_ends(&pair, CLOSED);
    wait_while("this side shuts down while nothing is asked", &pair, 0, pair.fd, SHUT_WR);
    drop_pair(&pair);
    pair = make_pair(false);
    peer_ends(&pair, CLOSED);
    wait_while("this side's write is lost while nothing is asked", &pair, 0, pair.fd, -1);
    drop_pair(&pair);
    pair = make_pair(true);
    wait_while("this side shuts down while input is waited for", &pair, POLLIN, pair.fd, SHUT_RDWR);
    drop_pair(&pair);
    pair = make_pair(true);
    int peer = pair.peer;
    pair.peer = -1;
    wait_while("the peer closes while input is waited for", &pair, POLLIN, peer, 99);
    drop_pair(&pair);
    pair = make_pair(true);
    wait_while("the peer shuts down while its end is waited for", &pair, POLLRDHUP, pair.peer, SHUT_RDWR);
    drop_pair(&pair);
    /* Others in the same set are not delayed. */
    pair = make_pair(false);
    peer_ends(&pair, CLOSED);
    int late = CHECK(socket(AF_INET, SOCK_STREAM, 0)), ends[2];
    CHECK(pipe(ends));
    pid_t child = fork_peer();
    if (child == 0) {
        wait_byte(ends[0]);
        _exit(connect_to(late, "127.0.0.1", own_port(pair.listener)) == 0 ? 0 : 1);
    }
    struct pollfd two[] = {{.fd = pair.fd}, {.fd = pair.listener, .events = POLLIN}};
    send_byte(ends[1]);
    int count = CHECK(poll(two, 2, 5000));
    fact("a client comes meanwhile", "%d, 0x%x", count, two[1].revents);
    fact("it connected", "%d", ended(child));
    close(late);
    drop_pair(&pair);
}

/* Pipes and the program's own AF_UNIX sockets hang up as ever. */
static void others(void) {
    int ends[2];
    CHECK(pipe(ends));
    close(ends[1]);
    fact("a pipe", "0x%x", ready(ends[0], POLLIN, 0));
    close(ends[0]);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    close(ends[1]);
    fact("a pair", "0x%x", ready(ends[0], POLLIN | POLLOUT, 0));
    close(ends[0]);
    int fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact("a fresh socket", "0x%x", ready(fresh, POLLIN | POLLOUT, 0));
    close(fresh);
    /* A connect that has succeeded to a server that has answered and gone is no failure. */
    struct pair pair = make_pair(false);
    peer_ends(&pair, SENT_CLOSED);
    fact("answered and gone", "0x%x, %s", ready(pair.fd, POLLOUT, 0),
         errno_name(get_option(pair.fd, SOL_SOCKET, SO_ERROR)));
    drop_pair(&pair);
}

int main(void) {
    probe_start();
    count_pipes();
    for (int own = NOTHING; own < OWNS; own++)
        for (int end = OPEN; end < ENDS; end++) {
            /* The answers to a lost write, and what comes after the own end, are one moment's. */
            if (own != NOTHING && (end == CLOSED_UNREAD || end == SENT_CLOSED || end == SHUT_READ))
                continue;
            if (own == LOST_WRITE && end != CLOSED && end != SHUT_BOTH && end != SHUT_CLOSED)
                continue;
            ask((enum end)end, (enum own)own);
        }
    wait_for_nothing();
    threads();
    others();
    return 0;
}
