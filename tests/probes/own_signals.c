/*
 * A program that uses signals, stacks and pointers freely: blocks all signals, handles SIGSYS itself, jumps out of
 * handlers, has little stacks and wild pointers. Its socket calls must not depend on that.
 */
#include "probe.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

static int server;
static volatile sig_atomic_t handled;

/* One connection from its begin to its end; says whether it was whole. */
static bool exchange(void) {
    char byte = 'x';
    int client = connected("127.0.0.1", own_port(server)), peer = CHECK(accept(server, NULL, NULL));
    bool whole = write(client, &byte, 1) == 1 && read(peer, &byte, 1) == 1;
    close(client);
    close(peer);
    return whole;
}

static void exchange_in_handler(int signal) {
    (void)signal;
    handled += exchange() ? 1 : 100;
}

static void on(int signal, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigfillset(&action.sa_mask);
    CHECK(sigaction(signal, &action, NULL));
}

/* Handlers run with all signals blocked, and make socket calls; so do threads that block all of them. */
static void blocked(void) {
    sigset_t all, before, now;
    sigfillset(&all);
    CHECK(sigprocmask(SIG_SETMASK, &all, &before));
    fact_yes("an exchange with all signals blocked", exchange());
    CHECK(sigprocmask(SIG_SETMASK, NULL, &now));
    fact_yes("SIGUSR1 is blocked", sigismember(&now, SIGUSR1));
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL));
    on(SIGUSR1, exchange_in_handler);
    handled = 0;
    raise(SIGUSR1);
    fact("an exchange in a handler that blocks all", "%d", (int)handled);
}

/* The mask of a wait is in force in the handler that ends it. */
static void waits(void) {
    sigset_t usr1, most, before;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigfillset(&most);
    sigdelset(&most, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &usr1, &before));
    handled = 0;
    raise(SIGUSR1);
    fact("waiting with sigsuspend", "%s", sigsuspend(&most) < 0 ? errno_name(errno) : "0");
    raise(SIGUSR1);
    fact("waiting with ppoll", "%s", ppoll(NULL, 0, NULL, &most) < 0 ? errno_name(errno) : "0");
    raise(SIGUSR1);
    fact("waiting with pselect", "%s", pselect(0, NULL, NULL, NULL, NULL, &most) < 0 ? errno_name(errno) : "0");
    fact("exchanges in their handlers", "%d", (int)handled);
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL));
}

static void block_usr2(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR2);
}

/* Says whether SIGUSR2 is blocked, and unblocks it. */
static bool usr2_was_blocked(void) {
    sigset_t usr2, before;
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    CHECK(sigprocmask(SIG_UNBLOCK, &usr2, &before));
    return sigismember(&before, SIGUSR2);
}

/* A handler's change of the saved mask is in force when it returns: to the program, or into one of its calls. */
static void edited_masks(void) {
    struct sigaction action = {.sa_sigaction = block_usr2, .sa_flags = SA_SIGINFO};
    sigset_t none, usr1, before;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK(sigaction(SIGUSR1, &action, NULL));
    raise(SIGUSR1);
    fact_yes("an exchange with a mask that a handler edited", exchange());
    fact_yes("it is in force", usr2_was_blocked());
    CHECK(sigprocmask(SIG_BLOCK, &usr1, &before));
    raise(SIGUSR1);
    sigsuspend(&none);
    fact_yes("edited in sigsuspend", usr2_was_blocked());
    raise(SIGUSR1);
    ppoll(NULL, 0, NULL, &none);
    fact_yes("edited in ppoll", usr2_was_blocked());
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL));
    pid_t self = getpid(), child = fork_peer();
    if (child == 0) {
        while (poll(NULL, 0, 20) == 0)
            kill(self, SIGUSR1);
        _exit(0);
    }
    fact("accept, interrupted", "%s", accept(server, NULL, NULL) < 0 ? errno_name(errno) : "0");
    kill(child, SIGKILL);
    ended(child);
    fact_yes("edited in accept", usr2_was_blocked());
}

static volatile sig_atomic_t own_calls;

static void own_handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    own_calls += info->si_code == SI_TKILL || info->si_code == SI_USER ? 1 : 100;
}

/* SIGSYS is the program's to handle, to ignore and to ask about. */
static void own_sigsys(void) {
    struct sigaction action = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO}, before;
    CHECK(sigaction(SIGSYS, NULL, &before));
    fact_yes("at first SIGSYS has the default", before.sa_handler == SIG_DFL);
    CHECK(sigaction(SIGSYS, &action, NULL));
    raise(SIGSYS);
    fact("its handler was called", "%d", (int)own_calls);
    CHECK(sigaction(SIGSYS, NULL, &before));
    fact_yes("its handler is told back", before.sa_sigaction == own_handler);
    fact_yes("an exchange with a handler for SIGSYS", exchange());
    signal(SIGSYS, SIG_IGN);
    raise(SIGSYS);
    fact_yes("an exchange with SIGSYS ignored", exchange());
    pid_t child = fork_peer();
    if (child == 0) {
        signal(SIGSYS, SIG_DFL);
        raise(SIGSYS);
        _exit(0);
    }
    fact("a child that raises it", "%d", ended(child));
    signal(SIGSYS, SIG_DFL);
}

static sigjmp_buf back;

static void jump(int signal) {
    (void)signal;
    siglongjmp(back, 1);
}

/* Out of a handler, out of a blocked accept, a thousand times. */
static void jumps(void) {
    volatile int times = 0;
    struct itimerval soon = {.it_value = {0, 300}};
    on(SIGALRM, jump);
    while (times < 1000) {
        if (sigsetjmp(back, 1) == 0) {
            CHECK(setitimer(ITIMER_REAL, &soon, NULL));
            accept(server, NULL, NULL);
        }
        times++;
    }
    signal(SIGALRM, SIG_DFL);
    alarm(PROBE_SECONDS);
    fact("jumps out of accept", "%d", times);
    fact_yes("an exchange after them", exchange());
}

static void *one_exchange(void *port) {
    int client = connected("127.0.0.1", (int)(intptr_t)port);
    char byte = 'x';
    bool whole = write(client, &byte, 1) == 1 && read(client, &byte, 1) == 1;
    close(client);
    return whole ? port : NULL;
}

static void *echo_all(void *count) {
    for (intptr_t left = (intptr_t)count; left > 0; left--) {
        char byte;
        int peer = CHECK(accept(server, NULL, NULL));
        if (read(peer, &byte, 1) == 1 && write(peer, &byte, 1) != 1)
            die("echo");
        close(peer);
    }
    return NULL;
}

/* Threads with the smallest stacks that there are. */
static void little_stacks(void) {
    enum { THREADS = 300 };
    pthread_attr_t attributes;
    pthread_t threads[THREADS], echo;
    int whole = 0;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, 16384));
    CHECK(pthread_create(&echo, NULL, echo_all, (void *)(intptr_t)THREADS));
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], &attributes, one_exchange, (void *)(intptr_t)own_port(server)));
        if (i % 50 == 49)
            for (int j = i - 49; j <= i; j++) {
                void *result;
                pthread_join(threads[j], &result);
                whole += result != NULL;
            }
    }
    pthread_join(echo, NULL);
    fact("exchanges on stacks of 16 KiB", "%d", whole);
}

static int go[2];

static void *exchange_with_the_others(void *port) {
    char byte;
    if (read(go[0], &byte, 1) != 0)
        die("begin");
    return one_exchange(port);
}

/* Thousands of threads that are there at once, on stacks of their own. */
static void many_threads(void) {
    enum { THREADS = 2000 };
    static pthread_t threads[THREADS];
    pthread_t echo;
    pthread_attr_t attributes;
    int whole = 0;
    CHECK(pipe2(go, O_CLOEXEC));
    CHECK(listen(server, THREADS)); /* who finds no place asks TCP again after one second, then two, then four */
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, 16384));
    CHECK(-pthread_create(&echo, NULL, echo_all, (void *)(intptr_t)THREADS));
    for (int i = 0; i < THREADS; i++)
        CHECK(-pthread_create(&threads[i], &attributes, exchange_with_the_others, (void *)(intptr_t)own_port(server)));
    close(go[1]); /* they begin together */
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        whole += result != NULL;
    }
    pthread_join(echo, NULL);
    close(go[0]);
    fact("exchanges of threads that are there at once", "%d", whole);
}

/* Pointers to nothing, and to what cannot be written. */
static void pointers(void) {
    char *gone = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (gone == MAP_FAILED || constant == MAP_FAILED)
        die("mmap");
    munmap(gone, 4096);
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0)), udp = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    socklen_t length = 16;
    char *volatile nowhere = gone, *volatile fixed = constant;
    fact_call("bind from memory that is gone", syscall(SYS_bind, fd, nowhere, 16));
    fact_call("connect from it", syscall(SYS_connect, fd, nowhere, 16));
    fact_call("getsockname into it", syscall(SYS_getsockname, server, nowhere, &length));
    fact_call("getsockname, length in it", syscall(SYS_getsockname, server, &length, nowhere));
    fact_call("getsockname into what is read-only", syscall(SYS_getsockname, server, fixed, &length));
    fact_call("getsockopt into it", syscall(SYS_getsockopt, server, SOL_SOCKET, SO_TYPE, nowhere, &length));
    fact_call("setsockopt from it", syscall(SYS_setsockopt, server, SOL_SOCKET, SO_KEEPALIVE, nowhere, 4));
    fact_call("sendto an address in it", syscall(SYS_sendto, udp, "x", 1, 0, nowhere, 16));
    fact_call("sendmsg of it", syscall(SYS_sendmsg, udp, nowhere, 0));
    fact_call("recvmsg into it", syscall(SYS_recvmsg, udp, nowhere, MSG_DONTWAIT));
    fact_call("sigaction from it", syscall(SYS_rt_sigaction, SIGUSR2, nowhere, NULL, 8));
    fact_call("sigprocmask from it", syscall(SYS_rt_sigprocmask, SIG_SETMASK, nowhere, NULL, 8));
    close(fd);
    close(udp);
}

int main(void) {
    probe_start();
    server = listening("127.0.0.1", 0);
    blocked();
    waits();
    own_sigsys();
    jumps();
    edited_masks();
    little_stacks();
    many_threads();
    pointers();
    close(server);
    return 0;
}
