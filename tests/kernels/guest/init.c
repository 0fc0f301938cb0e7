/*
 * The guest's first process: runs the programs that /runs lists, several at a time, each in a network namespace of its
 * own, and prints their output on the console. It is static and needs no shell, so the guest has nothing else.
 *
 * A line of /runs: number, user, variables, "--", program, arguments; a tab between any two. {dir} in a variable is the
 * run's own directory. The console shows the lines of one run together:
 *
 *   @run NUMBER    then the lines of its standard output, then
 *   @counters      then the namespace's counters of segments and datagrams, then
 *   @left NAME     for each name in its directory, then
 *   @stderr        then its standard error (if it failed), then
 *   @end STATUS    its exit status, or 128 + the signal that ended it
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_SECONDS 300 /* longer than a probe's own alarm, which tells where it hangs */
#define AT_ONCE 4
#define FIELDS_MOST 64
#define QUIET 1 /* the console's level: emergencies */
#define CONSOLE_LEVEL 8
#define FILES_SOFT 20000
#define FILES_HARD 20000

static pid_t running;

static void stop(const char *what) {
    printf("@broken %s: %s\n", what, strerror(errno));
    fflush(stdout);
    sync();
    reboot(RB_AUTOBOOT);
    _exit(1);
}

static void must(int result, const char *what) {
    if (result < 0)
        stop(what);
}

/* Of a program that is about to be started: its run fails, with this on its stderr. */
static void ought(int result, const char *what) {
    if (result >= 0)
        return;
    dprintf(2, "%s: %s\n", what, strerror(errno));
    _exit(127);
}

static void mount_at(const char *type, const char *at, const char *options) {
    mkdir(at, 0755);
    must(mount(type, at, type, 0, options), at);
}

static void prepare(void) {
    struct rlimit files = {FILES_SOFT, FILES_HARD};
    klogctl(CONSOLE_LEVEL, NULL, QUIET);
    mount_at("proc", "/proc", NULL);
    mount_at("sysfs", "/sys", NULL);
    if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) < 0 && errno != EBUSY)
        stop("/dev");
    mount_at("devpts", "/dev/pts", "ptmxmode=0666");
    mount_at("tmpfs", "/tmp", "mode=1777");
    /* There is no udev to make it, and programs open /dev/fd/N. */
    if (symlink("/proc/self/fd", "/dev/fd") < 0 && errno != EEXIST)
        stop("/dev/fd");
    must(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
    mkdir("/tmp/said", 0700);
}

static void lift_loopback(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    must(ioctl(fd, SIOCSIFFLAGS, &request), "lo");
    close(fd);
}

static void copy_to_console(const char *path, size_t most) {
    char line[4096];
    FILE *from = fopen(path, "r");
    for (size_t told = 0; from && told < most && fgets(line, sizeof line, from); told += strlen(line))
        fputs(line, stdout);
    if (from)
        fclose(from);
}

static void tell_counters(void) {
    char line[4096];
    const char *tables[] = {"/proc/net/snmp", "/proc/net/snmp6"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        FILE *from = fopen(tables[i], "r");
        while (from && fgets(line, sizeof line, from))
            if (strncmp(line, "Tcp:", 4) == 0 || strncmp(line, "Udp:", 4) == 0 || strncmp(line, "Udp6Out", 7) == 0)
                fputs(line, stdout);
        if (from)
            fclose(from);
    }
}

static void tell_left(const char *path) {
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            printf("@left %s\n", entry->d_name);
    if (directory)
        closedir(directory);
}

static void become(int user) {
    ought(setgroups(0, NULL), "setgroups");
    ought(setgid((gid_t)user), "setgid");
    ought(setuid((uid_t)user), "setuid");
}

static void end_running(int signal) {
    (void)signal;
    kill(-running, SIGKILL);
}

static void execute(char **fields, const char *directory, const char *said, const char *complained) {
    static char values[FIELDS_MOST][512];
    char *environment[FIELDS_MOST + 1] = {"PATH=/usr/bin:/bin"};
    int count = 1, at = 2;
    for (; strcmp(fields[at], "--") != 0; at++, count++) {
        char *mark = strstr(fields[at], "{dir}");
        int before = mark ? (int)(mark - fields[at]) : (int)strlen(fields[at]);
        snprintf(values[count], sizeof values[count], "%.*s%s%s", before, fields[at], mark ? directory : "",
                 mark ? mark + strlen("{dir}") : "");
        environment[count] = values[count];
    }
    ought(dup2(open("/dev/null", O_RDONLY), 0), "stdin");
    ought(dup2(open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1), "stdout");
    ought(dup2(open(complained, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2), "stderr");
    for (int fd = 3; fd < 16; fd++)
        close(fd);
    setsid();
    become(atoi(fields[1]));
    ought(chdir("/tmp"), "/tmp");
    execve(fields[at + 1], fields + at + 1, environment);
    ought(-1, fields[at + 1]);
}

/* One line of the list, in a process of its own; the console is one run's at a time. */
static void run(char **fields, int lock) {
    char directory[64], said[64], complained[64];
    int status = 0, user = atoi(fields[1]);
    snprintf(directory, sizeof directory, "/tmp/r%s", fields[0]);
    snprintf(said, sizeof said, "/tmp/said/%s", fields[0]);
    snprintf(complained, sizeof complained, "/tmp/said/%s.err", fields[0]);
    must(mkdir(directory, 0700), directory);
    must(chown(directory, (uid_t)user, (gid_t)user), directory);
    must(unshare(CLONE_NEWNET), "CLONE_NEWNET");
    lift_loopback();
    running = fork();
    if (running == 0)
        execute(fields, directory, said, complained);
    signal(SIGALRM, end_running);
    alarm(RUN_SECONDS);
    while (waitpid(running, &status, 0) < 0 && errno == EINTR)
        ;
    alarm(0);
    kill(-running, SIGKILL); /* what it left behind */
    flock(lock, LOCK_EX);
    printf("@run %s\n", fields[0]);
    copy_to_console(said, 1 << 20);
    puts("@counters");
    tell_counters();
    tell_left(directory);
    if (status != 0) {
        puts("@stderr");
        copy_to_console(complained, 1 << 12);
    }
    printf("@end %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    fflush(stdout);
    unlink(said);
    unlink(complained);
    _exit(0);
}

static int split(char *line, char **fields) {
    int count = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *field; count < FIELDS_MOST - 1 && (field = strsep(&line, "\t"));)
        fields[count++] = field;
    fields[count] = NULL;
    return count;
}

int main(void) {
    char line[8192], *fields[FIELDS_MOST];
    pid_t workers[AT_ONCE] = {0};
    struct utsname kernel;
    prepare();
    FILE *list = fopen("/runs", "re");
    if (!list)
        stop("/runs");
    uname(&kernel);
    printf("@ready %s\n", kernel.release);
    fflush(stdout);
    for (int left = 0, more = 1; more || left > 0;) {
        for (int i = 0; i < AT_ONCE && more; i++) {
            if (workers[i] != 0)
                continue;
            more = fgets(line, sizeof line, list) && split(line, fields) > 3;
            if (!more)
                break;
            workers[i] = fork();
            must(workers[i], "fork");
            if (workers[i] == 0) {
                /* Its own: a lock belongs to an open file. */
                run(fields, open("/tmp/said", O_RDONLY | O_CLOEXEC));
            }
            left++;
        }
        /* Orphans end here too. */
        pid_t ended = waitpid(-1, NULL, 0);
        for (int i = 0; i < AT_ONCE; i++) {
            if (ended > 0 && workers[i] == ended) {
                workers[i] = 0;
                left--;
            }
        }
    }
    puts("@finished");
    fflush(stdout);
    reboot(RB_AUTOBOOT);
    return 1;
}
