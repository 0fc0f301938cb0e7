/* Invalid memory in the calls that execute: the path, the lists, and the strings in them. */
#include "bad_memory.h"

#include <spawn.h>
#include <sys/syscall.h>

#define PROGRAM "/bin/true"

static char *one_word[] = {"true", NULL};
static char *nothing[] = {NULL};

static void give_program(void *at) {
    memcpy(at, PROGRAM, sizeof PROGRAM);
}
static void give_word(void *at) {
    memcpy(at, "A=word", 7);
}
static void give_list(void *at) {
    memcpy(at, one_word, sizeof one_word);
}

/* As the others tell it. */
static long failed(int error) {
    errno = error;
    return error == 0 ? 0 : -1;
}

#define WITH(p) ((char *[]){"true", (p), NULL})

CALL(execve_path, execve(p, one_word, nothing))
CALL(execve_list, execve(PROGRAM, p, nothing))
CALL(execve_word, execve(PROGRAM, WITH(p), nothing))
CALL(execve_environment, execve(PROGRAM, one_word, p))
CALL(execve_variable, execve(PROGRAM, one_word, ((char *[]){"A=1", p, NULL})))
CALL(execv_path, execv(p, one_word))
CALL(execv_word, execv(PROGRAM, WITH(p)))
CALL(execvp_list, execvp("true", p))
CALL(execvp_word, execvp("true", WITH(p)))
CALL(execl_path, execl(p, "true", (char *)NULL))
CALL(execl_word, execl(PROGRAM, "true", (char *)p, (char *)NULL))
CALL(fexecve_variable, fexecve(open(PROGRAM, O_RDONLY | O_CLOEXEC), one_word, WITH(p)))
CALL(execveat_path, syscall(SYS_execveat, AT_FDCWD, p, one_word, nothing, 0))
CALL(syscall_path, syscall(SYS_execve, p, one_word, nothing))
CALL(syscall_list, syscall(SYS_execve, PROGRAM, p, nothing))
CALL(syscall_word, syscall(SYS_execve, PROGRAM, WITH(p), nothing))
CALL(syscall_variable, syscall(SYS_execve, PROGRAM, one_word, WITH(p)))
CALL(spawn_path, failed(posix_spawn(&(pid_t){0}, p, NULL, NULL, one_word, nothing)))
CALL(spawn_word, failed(posix_spawn(&(pid_t){0}, PROGRAM, NULL, NULL, WITH(p), nothing)))
CALL(spawn_variable, failed(posix_spawn(&(pid_t){0}, PROGRAM, NULL, NULL, one_word, WITH(p))))
CALL(spawnp_word, failed(posix_spawnp(&(pid_t){0}, "true", NULL, NULL, WITH(p), nothing)))

#define PATH sizeof PROGRAM, give_program
#define LIST sizeof one_word, give_list
#define STRING 7, give_word

static const struct slot slots[] = {
    {"execve: path", PATH, execve_path},
    {"execve: arguments", LIST, execve_list},
    {"execve: an argument", STRING, execve_word},
    {"execve: environment", LIST, execve_environment},
    {"execve: a variable", STRING, execve_variable},
    {"execv: path", PATH, execv_path},
    {"execv: an argument", STRING, execv_word},
    {"execvp: arguments", LIST, execvp_list},
    {"execvp: an argument", STRING, execvp_word},
    {"execl: path", PATH, execl_path},
    {"execl: an argument", STRING, execl_word},
    {"fexecve: a variable", STRING, fexecve_variable},
    {"execveat by number: path", PATH, execveat_path},
    {"execve by number: path", PATH, syscall_path},
    {"execve by number: arguments", LIST, syscall_list},
    {"execve by number: an argument", STRING, syscall_word},
    {"execve by number: a variable", STRING, syscall_variable},
    {"posix_spawn: path", PATH, spawn_path},
    {"posix_spawn: an argument", STRING, spawn_word},
    {"posix_spawn: a variable", STRING, spawn_variable},
    {"posix_spawnp: an argument", STRING, spawnp_word},
};

int main(void) {
    probe_start();
    TELL_ALL(slots);
    return 0;
}
