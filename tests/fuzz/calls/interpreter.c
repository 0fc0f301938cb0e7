/*
 * Reads a program from standard input. Its lines are "WORKER CALL WORDS", where WORKER is a digit, followed by "t" if a
 * new thread is to make the call. Each worker has a channel to the process that reads the lines, which prints the
 * results. Worker 0 exists from the start.
 */
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    /* Descriptors of channels, out of the way of those whose numbers programs get. */
    FIRST_CHANNEL = 200,
    MAIL = 240,
    HANGS_MS = 4000,
};

static char *own_path;
static volatile sig_atomic_t broken_pipes;

static void count_pipe(int number) {
    (void)number;
    broken_pipes++;
}

static void fail(const char *what) {
    printf("interpreter: %s: %s\n", what, strerror(errno));
    exit(99);
}

/** Descriptor of a worker's channel, on its own side or the reader's. */
static int channel(int worker, int is_own) {
    return FIRST_CHANNEL + worker * 2 + is_own;
}

static void place_pair(int type, int first) {
    int pair[2];
    if (socketpair(AF_UNIX, type, 0, pair) < 0 || dup2(pair[0], first) < 0 || dup2(pair[1], first + 1) < 0) {
        fail("socketpair");
    }
    close(pair[0]);
    close(pair[1]);
}

static void split(struct line *line) {
    line->words = 0;
    line->result[0] = 0;
    for (char *word = strtok(line->text, " \n"); word && line->words < WORDS; word = strtok(NULL, " \n")) {
        line->word[line->words++] = word;
    }
}

/** Sends a descriptor to whoever takes it, or takes one. */
static void hand_over(struct line *line, int is_given) {
    int *fd = &slots[slot_of(line->word[1])];
    char byte = 'x';
    char room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (is_given) {
        *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(head), fd, sizeof(*fd));
        ended(line, sendmsg(MAIL, &message, MSG_DONTWAIT));
        return;
    }
    if (recvmsg(MAIL + 1, &message, MSG_DONTWAIT) < 0) {
        say(line, "nothing");
        return;
    }
    head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_len == CMSG_LEN(sizeof(*fd))) {
        memcpy(fd, CMSG_DATA(head), sizeof(*fd));
        say(line, "taken");
    } else {
        say(line, "nothing, flags %#x", (unsigned)message.msg_flags);
    }
}

static void work(int worker) __attribute__((noreturn));

static void start_worker(struct line *line, int worker) {
    pid_t pid = fork();
    if (pid == 0) {
        work(worker);
    }
    say(line, "fork %d", pid);
}

/** Executes this program anew, with the descriptors that it has. */
static void execute(int worker) {
    char number[12];
    char text[SLOTS][12];
    char *args[SLOTS + 4] = {own_path, "worker", number};
    snprintf(number, sizeof(number), "%d", worker);
    for (int i = 0; i < SLOTS; i++) {
        snprintf(text[i], sizeof(text[i]), "%d", slots[i]);
        args[3 + i] = text[i];
    }
    execv(own_path, args);
    fail("execv");
}

static void *do_in_thread(void *line) {
    do_call(line);
    return NULL;
}

static void obey(struct line *line, int worker) {
    const char *name = line->word[0];
    broken_pipes = 0;
    if (strcmp(name, "fork") == 0) {
        start_worker(line, atoi(line->word[1]) % WORKERS);
    } else if (strcmp(name, "exec") == 0) {
        execute(worker);
    } else if (strcmp(name, "exit") == 0) {
        _exit(0);
    } else if (strcmp(name, "give") == 0 || strcmp(name, "take") == 0) {
        hand_over(line, name[0] == 'g');
    } else if (strcmp(name, "thread") == 0) {
        pthread_t thread;
        memmove(line->word, line->word + 1, sizeof(line->word) - sizeof(*line->word));
        line->words--;
        pthread_create(&thread, NULL, do_in_thread, line);
        pthread_join(thread, NULL);
    } else if (!do_call(line)) {
        say(line, "no such call");
    }
    if (broken_pipes) {
        say(line, " and SIGPIPE");
    }
}

static void work(int worker) {
    for (;;) {
        struct line line;
        ssize_t size = recv(channel(worker, 1), line.text, sizeof(line.text) - 1, 0);
        if (size <= 0) {
            _exit(0);
        }
        line.text[size] = 0;
        split(&line);
        obey(&line, worker);
        send(channel(worker, 1), line.result, strlen(line.result) + 1, MSG_NOSIGNAL);
    }
}

/** Waits until a process has ended. */
static void await_end(pid_t pid) {
    struct pollfd asked = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (asked.fd >= 0) {
        poll(&asked, 1, HANGS_MS);
        close(asked.fd);
    }
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

/** Has a worker do a line. Returns whether it has ended the line. */
static int ask(int worker, const char *text, char *result, size_t size) {
    struct pollfd asked = {.fd = channel(worker, 0), .events = POLLIN};
    send(asked.fd, text, strlen(text), MSG_NOSIGNAL);
    if (poll(&asked, 1, HANGS_MS) <= 0) {
        return 0;
    }
    ssize_t count = recv(asked.fd, result, size - 1, 0);
    result[count > 0 ? count : 0] = 0;
    return 1;
}

/** Ends a worker as its line says. */
static void end_worker(pid_t *pid, int worker, const char *call) {
    if (strncmp(call, "kill", 4) == 0) {
        kill(*pid, SIGKILL);
    } else {
        send(channel(worker, 0), call, strlen(call), MSG_NOSIGNAL);
    }
    await_end(*pid);
    *pid = 0;
    puts("ended");
}

/** Completes "steal LETTER WORKER LETTER" by the other worker's process and descriptor. Returns 0 if nobody has it. */
static int complete_theft(char *call, size_t size, const pid_t *pids) {
    char asked[] = "number ?";
    char number[LINE] = "";
    int other = call[8] - '0';
    asked[7] = call[10];
    if (other < 0 || other >= WORKERS || !pids[other] || !ask(other, asked, number, sizeof(number))) {
        return 0;
    }
    snprintf(call + 8, size - 8, "%d %s", pids[other], number);
    return 1;
}

/** Has the library remove the files that ended programs have left. Live programs do not notice. */
static void prune(void) {
    const char *library = getenv("FUZZ_LIBRARY");
    pid_t pid = library ? fork() : -1;
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execl(library, library, "prune", "--force", "--dir", getenv("UNSOCK_DIR"), NULL);
        _exit(1);
    }
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
}

/** Does one line. Returns 0 when it hangs. */
static int do_line(const char *text, pid_t *pids) {
    char result[LINE] = "";
    char call[LINE + 8];
    int worker = text[0] - '0';
    if (text[0] == '-') {
        if (strncmp(text, "- prune", 7) == 0) {
            prune();
        }
        puts("told");
        return 1;
    }
    if (worker < 0 || worker >= WORKERS || !pids[worker]) {
        puts("nobody");
        return 1;
    }
    snprintf(call, sizeof(call), "%s%s", text[1] == 't' ? "thread " : "", text + (text[1] == 't' ? 3 : 2));
    if (strncmp(call, "exit", 4) == 0 || strncmp(call, "kill", 4) == 0) {
        end_worker(&pids[worker], worker, call);
        return 1;
    }
    int forked = strncmp(call, "fork ", 5) == 0 ? (call[5] - '0') % WORKERS : -1;
    if (forked >= 0 && pids[forked]) {
        puts("somebody");
        return 1;
    }
    if (strncmp(call, "steal ", 6) == 0 && !complete_theft(call, sizeof(call), pids)) {
        puts("nobody");
        return 1;
    }
    if (!ask(worker, call, result, sizeof(result))) {
        puts("hangs");
        return 0;
    }
    if (forked >= 0) {
        pids[forked] = atoi(result + 5);
        strcpy(result, "forked");
    }
    puts(result);
    return 1;
}

/** Has a network of its own, where nothing else is, and each server may have five clients waiting. */
static void enter_network(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = -1;
    if (unshare(CLONE_NEWNET) < 0 || (fd = (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0 ||
        ioctl(fd, SIOCSIFFLAGS, &request) < 0) {
        fail("network");
    }
    close(fd);
    fd = open("/proc/sys/net/core/somaxconn", O_WRONLY);
    if (fd < 0 || write(fd, "4", 1) != 1) {
        fail("somaxconn");
    }
    close(fd);
}

static void serve_executed(char **args) {
    for (int i = 0; i < SLOTS; i++) {
        slots[i] = atoi(args[3 + i]);
    }
    send(channel(atoi(args[2]), 1), "executed", 9, MSG_NOSIGNAL);
    work(atoi(args[2]));
}

int main(int count, char **args) {
    struct line first = {.words = 0};
    char text[LINE];
    pid_t pids[WORKERS] = {0};
    own_path = args[0];
    signal(SIGPIPE, count_pipe);
    if (count == 3 + SLOTS) {
        serve_executed(args);
    }
    if (count > 1) {
        enter_network();
    }
    memset(slots, -1, sizeof(slots));
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int i = 0; i < WORKERS; i++) {
        place_pair(SOCK_SEQPACKET, channel(i, 0));
    }
    place_pair(SOCK_DGRAM, MAIL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    start_worker(&first, 0);
    pids[0] = atoi(first.result + 5);
    while (fgets(text, sizeof(text), stdin) && do_line(text, pids)) {
    }
    fflush(stdout);
    for (int i = 0; i < WORKERS; i++) {
        if (pids[i]) {
            kill(pids[i], SIGKILL);
        }
    }
    return 0;
}
