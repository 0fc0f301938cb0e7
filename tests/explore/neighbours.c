/* Neighbours of the library in a directory: plain Unix servers and clients, control files, and prune. */
#include "explore.h"
#include "rt/syscall6.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL_SIZE 452
#define CONTROL_MAGIC "UNSK"

static void path_of(char *path, size_t size, const char *name) {
    snprintf(path, size, "%s/%s", directory, name);
}

long serve_plain(struct operation *me, int number, bool removes) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    path_of(address.sun_path, sizeof address.sun_path, "9042.sock");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (removes)
        unlink(address.sun_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 99) < 0) {
        long result = -errno;
        close(fd);
        return result;
    }
    me->listens = true;
    keep_socket(fd, number);
    return 0;
}

long try_plain(pid_t *reached) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    path_of(address.sun_path, sizeof address.sun_path, "9042.sock");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    long result = unsock_syscall6(SYS_connect, fd, (long)&address, sizeof address, 0, 0, 0);
    *reached = result == 0 ? peer_of(fd) : 0;
    close(fd);
    return result;
}

void make_control(void) {
    char path[128], bytes[CONTROL_SIZE] = CONTROL_MAGIC;
    path_of(path, sizeof path, "9042.sock");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, bytes, sizeof bytes) < 0)
        return;
    close(fd);
}

void remove_control(void) {
    char path[128];
    struct stat status;
    path_of(path, sizeof path, "9042.sock");
    if (lstat(path, &status) == 0 && S_ISREG(status.st_mode))
        unlink(path);
}

void remove_name(void) {
    char path[128];
    path_of(path, sizeof path, "9042.sock");
    unlink(path);
}

void prune_all(void) {
    int (*prune)(const char *, int);
    *(void **)&prune = dlsym(RTLD_DEFAULT, "unsock_prune");
    DIR *names = opendir(directory);
    char path[512];
    for (struct dirent *name; prune && names && (name = readdir(names));) {
        if (strcmp(name->d_name, ".") == 0 || strcmp(name->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, name->d_name);
        prune(path, 1);
    }
    if (names)
        closedir(names);
}
