/* sendfile and splice into a connection whose peer has closed: the bytes that are accepted and lost, those left in the
 * file and the pipe, and which call fails. SIGPIPE is ignored, as users of these calls do, except in the last part. */
#include "endings.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#define TEXT "hello, world"
#define LARGE 300000

enum call { SENDFILE, SENDFILE_AT, SENDFILE_TO_END, SPLICE, SPLICE_PART, CALLS };

static const char *const call_names[CALLS] = {"sendfile", "sendfile at an offset", "sendfile beyond the end", "splice",
                                              "splice of a part"};

struct sources {
    int file;
    int pipe[2];
};

static struct sources open_sources(void) {
    struct sources sources = {.file = CHECK(memfd_create("source", MFD_CLOEXEC))};
    for (int i = 0; i < 3; i++)
        CHECK(write(sources.file, TEXT, strlen(TEXT)));
    CHECK(lseek(sources.file, 0, SEEK_SET));
    CHECK(pipe2(sources.pipe, O_CLOEXEC));
    for (int i = 0; i < 3; i++)
        CHECK(write(sources.pipe[1], TEXT, strlen(TEXT)));
    return sources;
}

static void close_sources(const struct sources *sources) {
    close(sources->file);
    close(sources->pipe[0]);
    close(sources->pipe[1]);
}

/* Prints the call's result, and the positions of file and pipe. */
static void put(const char *story, const char *what, int fd, const struct sources *sources, enum call call) {
    char name[200];
    off_t offset = 5;
    int left = 0;
    long result;
    errno = 0;
    if (call == SENDFILE)
        result = sendfile(fd, sources->file, NULL, strlen(TEXT));
    else if (call == SENDFILE_AT)
        result = sendfile(fd, sources->file, &offset, strlen(TEXT));
    else if (call == SENDFILE_TO_END)
        result = sendfile(fd, sources->file, NULL, 1 << 20);
    else
        result = splice(sources->pipe[0], NULL, fd, NULL, call == SPLICE ? strlen(TEXT) : 3, 0);
    int error = errno;
    CHECK(ioctl(sources->pipe[0], FIONREAD, &left));
    snprintf(name, sizeof name, "%s: %s", story, what);
    fact(name, "%ld %s, file at %ld, offset %ld, %d in the pipe", result, errno_name(error),
         (long)lseek(sources->file, 0, SEEK_CUR), (long)offset, left);
}

/* Over TCP the answer to what was written comes a moment later. */
static void settle(const struct pair *pair, enum end end) {
    if (end == CLOSED || end == SHUT_BOTH || end == SHUT_CLOSED || end == SENT_CLOSED)
        ready(pair->fd, 0, 2000);
}

static void after_end(enum end end, enum call call, bool accepted) {
    char story[100], bytes[64];
    struct pair pair = make_pair(accepted);
    struct sources sources = open_sources();
    snprintf(story, sizeof story, "%s, %s%s", end_names[end], call_names[call], accepted ? ", accepted" : "");
    peer_ends(&pair, end);
    put(story, "first", pair.fd, &sources, call);
    settle(&pair, end);
    put(story, "second", pair.fd, &sources, call);
    put(story, "third", pair.fd, &sources, call);
    if (end != OPEN && end != SHUT_READ)
        fact_number(story, recv(pair.fd, bytes, sizeof bytes, MSG_DONTWAIT));
    close_sources(&sources);
    drop_pair(&pair);
}

/* By whatever call the loss was noticed, the others know of it. */
static void mixed(void) {
    struct pair pair = make_pair(false);
    struct sources sources = open_sources();
    peer_ends(&pair, CLOSED);
    put("mixed", "first, sendfile", pair.fd, &sources, SENDFILE);
    settle(&pair, CLOSED);
    fact_number("mixed: second, write", write(pair.fd, TEXT, 5));
    put("mixed", "third, splice", pair.fd, &sources, SPLICE);
    close_sources(&sources);
    drop_pair(&pair);
    pair = make_pair(true);
    sources = open_sources();
    peer_ends(&pair, CLOSED);
    fact_number("mixed: first, write", write(pair.fd, TEXT, 5));
    settle(&pair, CLOSED);
    put("mixed", "second, splice", pair.fd, &sources, SPLICE);
    close_sources(&sources);
    drop_pair(&pair);
}

static void own_shut(void) {
    struct pair pair = make_pair(false);
    struct sources sources = open_sources();
    CHECK(shutdown(pair.fd, SHUT_WR));
    put("own shut write", "sendfile", pair.fd, &sources, SENDFILE);
    put("own shut write", "splice", pair.fd, &sources, SPLICE);
    close_sources(&sources);
    drop_pair(&pair);
}

static void not_connected(void) {
    struct sources sources = open_sources();
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), listener = listening("127.0.0.1", 0);
    put("not connected", "sendfile", fd, &sources, SENDFILE);
    put("not connected", "splice", fd, &sources, SPLICE);
    put("a listener", "sendfile", listener, &sources, SENDFILE);
    put("a listener", "splice", listener, &sources, SPLICE);
    close(fd);
    close(listener);
    close_sources(&sources);
}

/* Calls that do not concern a connection's end are unchanged. */
static void others(void) {
    struct sources sources = open_sources();
    int broken[2];
    CHECK(pipe2(broken, O_CLOEXEC));
    close(broken[0]);
    put("a broken pipe", "sendfile", broken[1], &sources, SENDFILE);
    put("a broken pipe", "splice", broken[1], &sources, SPLICE);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, broken + 0));
    close(broken[0]);
    put("a broken pair", "sendfile", broken[1], &sources, SENDFILE);
    put("no descriptor", "sendfile", -1, &sources, SENDFILE);
    close(broken[1]);
    close_sources(&sources);
}

/* The whole of a file through a living connection, in as many calls as it takes. */
static void whole(void) {
    int file = CHECK(memfd_create("large", MFD_CLOEXEC));
    CHECK(ftruncate(file, LARGE));
    struct pair pair = make_pair(false);
    pid_t reader = fork_peer();
    if (reader == 0) {
        char space[65536];
        long sum = 0, got;
        close(pair.fd);
        while ((got = read(pair.peer, space, sizeof space)) > 0)
            sum += got;
        fact("whole: arrived", "%ld", sum);
        _exit(0);
    }
    long sum = 0;
    while (sum < LARGE)
        sum += CHECK(sendfile(pair.fd, file, NULL, LARGE));
    CHECK(shutdown(pair.fd, SHUT_WR));
    ended(reader);
    close(file);
    drop_pair(&pair);
}

/* Of a large file so much goes as the kernel passes on at once. */
static void large(off_t offset) {
    int file = CHECK(memfd_create("large", MFD_CLOEXEC));
    CHECK(ftruncate(file, LARGE));
    struct pair pair = make_pair(false);
    peer_ends(&pair, CLOSED);
    fact_number("large: first", sendfile(pair.fd, file, &offset, LARGE));
    fact("large: offset", "%ld", (long)offset);
    settle(&pair, CLOSED);
    fact_number("large: second", sendfile(pair.fd, file, &offset, LARGE));
    close(file);
    drop_pair(&pair);
}

/* A handler gets the signal of the second call. */
static void signals(void) {
    struct pair pair = make_pair(false);
    struct sources sources = open_sources();
    count_pipes();
    peer_ends(&pair, CLOSED);
    put("handled", "first", pair.fd, &sources, SENDFILE);
    fact("handled: signals then", "%d", (int)pipes);
    settle(&pair, CLOSED);
    pipes = 0;
    put("handled", "second", pair.fd, &sources, SENDFILE);
    fact("handled: signals of the second", "%d", (int)pipes);
    pipes = 0;
    put("handled", "third", pair.fd, &sources, SPLICE);
    fact("handled: signals of the third", "%d", (int)pipes);
    close_sources(&sources);
    drop_pair(&pair);
}

int main(void) {
    probe_start();
    signal(SIGPIPE, SIG_IGN);
    for (int end = OPEN; end < ENDS; end++)
        for (int call = 0; call < CALLS; call++)
            after_end((enum end)end, (enum call)call, call % 2 == 1);
    mixed();
    own_shut();
    not_connected();
    others();
    whole();
    large(0);
    large(5);
    large(250000);
    signals();
    return 0;
}
