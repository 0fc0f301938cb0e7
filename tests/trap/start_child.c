/*
 * Starts a program with an empty environment, in the way that the first argument names; the rest is the program and its
 * arguments. Clears its own environment first, as some ways pass that on.
 */
#define _GNU_SOURCE
#include "../support/past_libc.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *nothing[] = {NULL};

static int wait_for(pid_t child) {
    int status;
    if (child <= 0 || waitpid(child, &status, 0) != child)
        return 3;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

static int copy_to_memory(const char *path) {
    static char bytes[1 << 16];
    int from = open(path, O_RDONLY), to = memfd_create("copy", MFD_CLOEXEC);
    for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;)
        if (write(to, bytes, (size_t)got) != got)
            return -1;
    return to;
}

static int by_vfork(const char *path, char **argv) {
    pid_t child = vfork();
    if (child == 0) {
        execve(path, argv, nothing);
        _exit(6);
    }
    return wait_for(child);
}

typedef int spawn(int *, const char *, const void *, const void *, char *const *, char *const *);

/* Of glibc 2.39; where there is none, posix_spawn. */
static int by_descriptor(const char *name, char **argv) {
    spawn *function = (spawn *)dlsym(RTLD_DEFAULT, name);
    int number = -1;
    if (!function)
        return posix_spawn(&number, argv[0], NULL, NULL, argv, nothing) == 0 ? wait_for(number) : 5;
    siginfo_t end = {0};
    if (function(&number, argv[0], NULL, NULL, argv, nothing) != 0 || waitid(P_PIDFD, (id_t)number, &end, WEXITED) != 0)
        return 5;
    return end.si_code == CLD_EXITED ? end.si_status : 4;
}

int main(int count, char **arguments) {
    if (count < 6)
        return 1;
    const char *way = arguments[1];
    char **argv = arguments + 2;
    char command[8192];
    alarm(60);
    clearenv();
    snprintf(command, sizeof command, "%s %s %s %s", argv[0], argv[1], argv[2], argv[3]);
#define WAY(name) if (strcmp(way, name) == 0)
    WAY("execve") execve(argv[0], argv, nothing);
    WAY("execve, no environment") execve(argv[0], argv, NULL);
    WAY("execv") execv(argv[0], argv);
    WAY("execvp") execvp(argv[0], argv);
    WAY("execvpe") execvpe(argv[0], argv, nothing);
    WAY("execl") execl(argv[0], argv[0], argv[1], argv[2], argv[3], (char *)NULL);
    WAY("execlp") execlp(argv[0], argv[0], argv[1], argv[2], argv[3], (char *)NULL);
    WAY("execle") execle(argv[0], argv[0], argv[1], argv[2], argv[3], (char *)NULL, nothing);
    WAY("execveat") syscall(SYS_execveat, open("/", O_PATH), argv[0] + 1, argv, nothing, 0);
    WAY("fexecve") fexecve(open(argv[0], O_RDONLY | O_CLOEXEC), argv, nothing);
    WAY("fexecve of a path") fexecve(open(argv[0], O_PATH), argv, nothing);
    WAY("memfd") fexecve(copy_to_memory(argv[0]), argv, nothing);
    WAY("syscall") syscall(SYS_execve, argv[0], argv, nothing);
    WAY("past libc") PAST_LIBC(execve, argv[0], argv, nothing);
    WAY("posix_spawn") {
        pid_t child = 0;
        return posix_spawn(&child, argv[0], NULL, NULL, argv, nothing) == 0 ? wait_for(child) : 5;
    }
    WAY("posix_spawnp") {
        pid_t child = 0;
        return posix_spawnp(&child, argv[0], NULL, NULL, argv, nothing) == 0 ? wait_for(child) : 5;
    }
    WAY("pidfd_spawn") return by_descriptor("pidfd_spawn", argv);
    WAY("pidfd_spawnp") return by_descriptor("pidfd_spawnp", argv);
    WAY("vfork") return by_vfork(argv[0], argv);
    WAY("system") return system(command);
    WAY("popen") {
        char line[256];
        FILE *from = popen(command, "r");
        while (from && fgets(line, sizeof line, from))
            fputs(line, stdout);
        return from ? pclose(from) : 7;
    }
    WAY("many vforks") {
        for (int i = 0; i < 200; i++)
            if (by_vfork("/bin/true", argv) != 0 || by_vfork("/nowhere", argv) != 6)
                return 8;
        return by_vfork(argv[0], argv);
    }
    perror(way);
    return 9;
}
