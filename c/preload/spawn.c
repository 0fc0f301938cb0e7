/* Interposes the functions by which libc makes a child that executes a program. The parent plans the child's exec,
 * since libc's child calls no exported function. */
#include "process/exec.h"
#include "process/start.h"
#include "unsock.h"

typedef const char *const *list;
/* `pid` gets the child's process number, or its pidfd. */
typedef int spawn(int *pid, const char *path, const void *actions, const void *attributes, list argv, list environment);

enum { BY_NAME = 1, TO_DESCRIPTOR = 2, WAYS = 4 };

static void *next_spawn_function(const char *name, void **known) {
    if (!__atomic_load_n(known, __ATOMIC_RELAXED))
        __atomic_store_n(known, unsock_next_find(name), __ATOMIC_RELAXED);
    return *known;
}

static int spawn_by_libc(unsigned way, int *pid, const char *path, const void *actions, const void *attributes,
                         list argv, list environment) {
    static const char *const names[WAYS] = {"posix_spawn", "posix_spawnp", "pidfd_spawn", "pidfd_spawnp"};
    static void *known[WAYS];
    spawn *function = (spawn *)next_spawn_function(names[way], &known[way]);
    return function ? function(pid, path, actions, attributes, argv, environment) : ENOSYS;
}

/* True if the parent plans the exec. If system calls are trapped (c/trap), the child's trapped execve plans it. */
static bool is_followed(void) {
    return unsock_active() && !unsock_start_trapped;
}

/* Spawns `file`, which libc would find for `path`. If the library must load the program, libc executes the library;
 * else libc gets `path`, and searches for the file itself. */
static int spawn_followed(unsigned way, int *pid, const char *path, const char *file, const void *actions,
                          const void *attributes, list argv, list environment) {
    struct unsock_exec exec = {AT_FDCWD, file, argv, environment, 0};
    struct unsock_exec_plan plan;
    long result = unsock_exec_prepare(&exec, &plan);
    if (result < 0)
        return (int)-result;
    bool same = plan.exec.path == file;
    result = spawn_by_libc(same ? way : way & TO_DESCRIPTOR, pid, same ? path : plan.exec.path, actions, attributes,
                           plan.exec.argv, plan.exec.environment);
    unsock_exec_drop(&plan);
    return (int)result;
}

static int spawn_any(unsigned way, int *pid, const char *file, const void *actions, const void *attributes, list argv,
                     list environment) {
    char found[UNSOCK_PATH_MOST];
    const char *path = way & BY_NAME ? found : file;
    if (is_followed() && (path == file || unsock_exec_find(file, unsock_search_path(unsock_environment()), found) == 0))
        return spawn_followed(way, pid, file, path, actions, attributes, argv, environment);
    return spawn_by_libc(way, pid, file, actions, attributes, argv, environment);
}

#define SPAWN(function, way)                                                                                           \
    UNSOCK_EXPORT int function(int *pid, const char *file, const void *actions, const void *attributes, list argv,     \
                               list environment) {                                                                     \
        return spawn_any(way, pid, file, actions, attributes, argv, environment);                                      \
    }

SPAWN(posix_spawn, 0)
SPAWN(posix_spawnp, BY_NAME)
SPAWN(pidfd_spawn, TO_DESCRIPTOR) /* since glibc 2.39 */
SPAWN(pidfd_spawnp, TO_DESCRIPTOR | BY_NAME)

/* system and popen pass on the process's own environment. While they run, it has the library's variables, too. */
struct whole_environment {
    list before;
    const char **during; /* NULL: nothing was missing */
    struct unsock_exec_space *space;
};

static void make_whole(struct whole_environment *whole) {
    whole->before = unsock_environment();
    whole->during = NULL;
    if (!is_followed() || !unsock_child_environment_lacks(whole->before))
        return;
    size_t strings = (unsock_list_length(whole->before) + UNSOCK_CHILD_ENVIRONMENT_STRINGS + 1) * sizeof(char *),
           room = unsock_child_environment_room(whole->before);
    whole->space = unsock_exec_space_enter(strings + room + 64);
    if (!whole->space)
        return;
    whole->during = unsock_exec_space_cut(whole->space, strings);
    unsock_child_environment_complete(whole->before, whole->during, unsock_exec_space_cut(whole->space, room), room);
    unsock_environment_set(whole->during);
}

/* Restores the environment, unless the program has set another one meanwhile. */
static void unmake_whole(struct whole_environment *whole) {
    if (!whole->during)
        return;
    if (unsock_environment() == whole->during)
        unsock_environment_set(whole->before);
    unsock_exec_space_leave(whole->space);
}

UNSOCK_EXPORT int system(const char *command) {
    static void *known;
    int (*function)(const char *) = (int (*)(const char *))next_spawn_function("system", &known);
    struct whole_environment whole;
    make_whole(&whole);
    int result = function ? function(command) : (int)unsock_libc_result(-ENOSYS);
    unmake_whole(&whole);
    return result;
}

UNSOCK_EXPORT void *popen(const char *command, const char *type) {
    static void *known;
    void *(*function)(const char *, const char *) =
        (void *(*)(const char *, const char *))next_spawn_function("popen", &known);
    struct whole_environment whole;
    make_whole(&whole);
    void *result = function ? function(command, type) : NULL;
    unmake_whole(&whole);
    return result;
}
