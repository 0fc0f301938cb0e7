/* Writing after the peer's close: the first write succeeds and is lost, the next one fails with EPIPE and SIGPIPE; by
 * each call that writes, and then the socket's error, its reads, and its duplicates. */
#include "endings.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

enum call { WRITE, WRITEV, SEND, SEND_QUIET, SENDTO, SENDMSG, SENDMSG_QUIET, SENDMMSG, NOTHING, CALLS };

static const char *const call_names[CALLS] = {
    "write", "writev", "send", "send, no signal", "sendto", "sendmsg", "sendmsg, no signal", "sendmmsg", "send of 0"};

static long put(int fd, enum call call) {
    char text[] = "hello";
    struct iovec parts[] = {{text, 2}, {text + 2, 3}};
    struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 2}},
                                  {.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}}};
    switch (call) {
    case WRITE:
        return write(fd, text, 5);
    case WRITEV:
        return writev(fd, parts, 2);
    case SEND:
        return send(fd, text, 5, 0);
    case SEND_QUIET:
        return send(fd, text, 5, MSG_NOSIGNAL);
    case SENDTO:
        return sendto(fd, text, 5, 0, NULL, 0);
    case SENDMSG:
        return sendmsg(fd, &messages[0].msg_hdr, 0);
    case SENDMSG_QUIET:
        return sendmsg(fd, &messages[0].msg_hdr, MSG_NOSIGNAL);
    case SENDMMSG:
        return sendmmsg(fd, messages, 1, 0);
    default:
        return send(fd, text, 0, 0);
    }
}

/* The number or the errno, and how many signals came with it. */
static void tell(const char *story, const char *what, long result) {
    char name[160];
    snprintf(name, sizeof name, "%s: %s", story, what);
    if (result >= 0)
        fact(name, "%ld, %d signals", result, (int)pipes);
    else
        fact(name, "%s, %d signals", errno_name(errno), (int)pipes);
    pipes = 0;
}

/* Over TCP the answer to what was written comes a moment later. */
static void settle(const struct pair *pair, enum end end) {
    if (end == CLOSED || end == SHUT_BOTH || end == SHUT_CLOSED || end == SENT_CLOSED)
        ready(pair->fd, 0, 2000);
}

static void write_after(enum end end, enum call call, bool accepted) {
    char story[100], bytes[16];
    struct pair pair = make_pair(accepted);
    snprintf(story, sizeof story, "%s, %s%s", end_names[end], call_names[call], accepted ? ", accepted" : "");
    peer_ends(&pair, end);
    tell(story, "first", put(pair.fd, call));
    if (call != NOTHING)
        settle(&pair, end);
    tell(story, "second", put(pair.fd, call));
    tell(story, "third", put(pair.fd, call));
    if (end != OPEN && end != SHUT_READ)
        tell(story, "read", recv(pair.fd, bytes, sizeof bytes, MSG_DONTWAIT));
    drop_pair(&pair);
}

static void own_shut(enum end end, enum call call) {
    char story[100];
    struct pair pair = make_pair(false);
    snprintf(story, sizeof story, "own shut write, %s, %s", end_names[end], call_names[call]);
    CHECK(shutdown(pair.fd, SHUT_WR));
    if (end != CLOSED_UNREAD)
        peer_ends(&pair, end);
    tell(story, "first", put(pair.fd, call));
    tell(story, "second", put(pair.fd, call));
    drop_pair(&pair);
}

static void errors(enum end end) {
    char story[100];
    struct pair pair = make_pair(false);
    snprintf(story, sizeof story, "%s: SO_ERROR", end_names[end]);
    peer_ends(&pair, end);
    tell(story, "write", put(pair.fd, WRITE));
    settle(&pair, end);
    if (end != CLOSED_UNREAD)
        fact(story, "%s", errno_name(get_option(pair.fd, SOL_SOCKET, SO_ERROR)));
    fact(story, "then %s", errno_name(get_option(pair.fd, SOL_SOCKET, SO_ERROR)));
    tell(story, "write then", put(pair.fd, WRITE));
    drop_pair(&pair);
}

/* All descriptors and processes of a connection share its state. */
static void shared(void) {
    struct pair pair = make_pair(false);
    int other = CHECK(dup(pair.fd));
    peer_ends(&pair, CLOSED);
    tell("dup", "first", put(pair.fd, SEND));
    settle(&pair, CLOSED);
    tell("dup", "second, by the duplicate", put(other, WRITE));
    close(other);
    drop_pair(&pair);
    pair = make_pair(true);
    peer_ends(&pair, CLOSED);
    pid_t child = fork_peer();
    if (child == 0) {
        tell("fork", "first, by the child", put(pair.fd, WRITE));
        settle(&pair, CLOSED);
        _exit(0);
    }
    ended(child);
    tell("fork", "second, by the parent", put(pair.fd, WRITE));
    drop_pair(&pair);
    pair = make_pair(true);
    child = fork_peer();
    if (child == 0) {
        CHECK(shutdown(pair.fd, SHUT_WR));
        _exit(0);
    }
    ended(child);
    peer_ends(&pair, CLOSED);
    tell("fork", "shut by the child", put(pair.fd, WRITE));
    drop_pair(&pair);
}

/* `executed`: the socket is standard output. */
static void in_new_program(enum call call) {
    char line[200] = "";
    long first = put(STDOUT_FILENO, call);
    int error = first < 0 ? errno : 0;
    ready(STDOUT_FILENO, 0, 2000);
    long second = put(STDOUT_FILENO, call);
    snprintf(line, sizeof line, "exec, %s: first %ld %s, second %ld %s, %d signals\n", call_names[call], first,
             errno_name(error), second, errno_name(errno), (int)pipes);
    if (write(STDERR_FILENO, line, strlen(line)) < 0)
        _exit(1);
    _exit(0);
}

static void through_exec(const char *program, enum call call) {
    char text[16];
    struct pair pair = make_pair(true);
    peer_ends(&pair, CLOSED);
    pid_t child = fork_peer();
    if (child == 0) {
        CHECK(dup2(STDOUT_FILENO, STDERR_FILENO));
        CHECK(dup2(pair.fd, STDOUT_FILENO));
        snprintf(text, sizeof text, "%d", (int)call);
        execl(program, program, "executed", text, NULL);
        _exit(1);
    }
    fact("exec: ended", "%d", ended(child));
    tell("exec", "third, by the parent", put(pair.fd, WRITE));
    drop_pair(&pair);
}

/* A program that neither handles nor ignores the signal lives through the first write, and ends by the second. */
static void by_default(enum call call) {
    char name[80];
    pid_t child = fork_peer();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        struct pair pair = make_pair(false);
        peer_ends(&pair, CLOSED);
        snprintf(name, sizeof name, "by default, %s: first", call_names[call]);
        fact(name, "%ld", put(pair.fd, call));
        settle(&pair, CLOSED);
        put(pair.fd, call);
        _exit(0);
    }
    snprintf(name, sizeof name, "by default, %s: ended", call_names[call]);
    fact(name, "%d", ended(child));
}

int main(int count, char **words) {
    probe_start();
    count_pipes();
    if (count > 2 && strcmp(words[1], "executed") == 0)
        in_new_program((enum call)atoi(words[2]));
    /* By sendmsg and sendmmsg alone, which every door has. */
    bool messages = count > 1 && strcmp(words[1], "messages") == 0;
    for (int end = OPEN; end < ENDS; end++)
        for (int call = messages ? SENDMSG : 0; call < (messages ? NOTHING : CALLS); call++)
            write_after((enum end)end, (enum call)call, call % 2 == 1);
    if (messages) {
        own_shut(CLOSED, SENDMSG);
        return 0;
    }
    for (int end = OPEN; end < ENDS; end++) {
        own_shut((enum end)end, WRITE);
        own_shut((enum end)end, SENDMSG);
    }
    errors(CLOSED);
    errors(CLOSED_UNREAD);
    shared();
    for (int call = WRITE; call < NOTHING; call++)
        through_exec(words[0], (enum call)call);
    by_default(WRITE);
    by_default(WRITEV);
    by_default(SEND);
    return 0;
}
