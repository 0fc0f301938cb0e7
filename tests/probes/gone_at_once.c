/*
 * Once a process has been waited for, all its files are closed: the pipe that it wrote to is at its end, and its lock
 * on a file is free. The process has a second thread, and sockets that other processes have, too.
 */
#include "probe.h"

#include <pthread.h>
#include <sys/file.h>

#define ROUNDS 40

static int lock_of(const char *path) {
    return CHECK(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static void *rest(void *nothing) {
    for (;;)
        pause();
    return nothing;
}

static _Noreturn void have_all(int shared, const char *path, bool at_once) {
    pthread_t thread;
    address name = name_of(shared);
    CHECK(flock(lock_of(path), LOCK_EX));
    pthread_create(&thread, NULL, rest, NULL);
    if (port_of(&name) == 0)
        die("the socket has no port");
    if (at_once)
        _exit(0);
    exit(0);
}

static void ends(const char *story, int shared, bool at_once) {
    const char *path = "gone_at_once.lock";
    int open_still = 0, locked = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int told[2];
        CHECK(pipe2(told, 0));
        pid_t pid = fork_peer();
        if (pid == 0) {
            close(told[0]);
            have_all(shared, path, at_once);
        }
        close(told[1]);
        ended(pid);
        int fd = lock_of(path);
        open_still += ready(told[0], POLLIN, 0) == 0;
        locked += flock(fd, LOCK_EX | LOCK_NB) != 0;
        close(fd);
        close(told[0]);
    }
    fact(story, "_exit %d: open %d, locked %d", at_once, open_still, locked);
    unlink(path);
}

int main(void) {
    probe_start();
    char directory[] = "/tmp/gone-at-once-XXXXXX";
    if (!mkdtemp(directory) || chdir(directory) != 0)
        die(directory);
    int stream = listening("127.0.0.1", 0), datagram = bound("127.0.0.1", 0, SOCK_DGRAM);
    for (int at_once = 0; at_once < 2; at_once++) {
        ends("a listener", stream, at_once);
        ends("a datagram socket", datagram, at_once);
    }
    rmdir(directory);
    return 0;
}
