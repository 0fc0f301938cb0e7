/* Starts the library in a process, by its constructor or the first intercepted call, and decides if it is active. */
#include "process/start.h"

#include "files/bind.h"
#include "files/directory.h"
#include "kernel/log.h"
#include "memory/process.h"
#include "process/exec.h"
#include "rt/user.h"
#include "unsock.h"

enum unsock_activity unsock_activity = UNSOCK_NOT_STARTED;
bool unsock_start_trapped;
bool unsock_start_traps;

/* True if LD_PRELOAD has an entry with the library's file name. If /proc does not show that name, any value counts. */
static bool preloaded_by_name(const char *const *environment) {
    char buffer[UNSOCK_PATH_MOST];
    struct unsock_span path;
    const char *value = unsock_environment_get(environment, "LD_PRELOAD");
    if (!value || !unsock_library_file_mapped(buffer, &path))
        return value != NULL;
    struct unsock_span own = unsock_base_name(path);
    struct unsock_span rest = unsock_span_of(value);
    for (struct unsock_span entry; (entry = unsock_preload_next(&rest)).length > 0;) {
        if (unsock_span_same(unsock_base_name(entry), own))
            return true;
    }
    return false;
}

/* Reads the settings, makes the directory and opens the log. If a step fails, prints why and ends the process: with
 * wrong settings the program might use the wrong sockets. */
static void settle_process(const char *const *environment) {
    UNSOCK_TEXT(error, 512);
    unsock_text_put(&error, "unsock: ");
    if (!unsock_settings_read(environment, &unsock_settings, &error) ||
        !unsock_each_start(environment, &unsock_settings, &error) || !unsock_directory_make(&unsock_settings, &error) ||
        !unsock_log_start(&unsock_settings, &error)) {
        unsock_text_char(&error, '\n');
        unsock_write(2, error.buffer, error.length);
        unsock_exit(1);
    }
    unsock_directory_name_settle(&unsock_settings);
    unsock_listen_fds_start(environment);
}

static enum unsock_activity decide_activity(void) {
    const char *own[UNSOCK_ENVIRONMENT_OWN];
    const char *const *environment = unsock_environment_own(unsock_environment(), own);
    char buffer[UNSOCK_PATH_MOST];
    struct unsock_span path = {buffer, 0};
    bool inert = unsock_is_secure() || unsock_environment_is_off(environment) ||
                 (!unsock_environment_get(environment, "UNSOCK_DIR") && !preloaded_by_name(environment));
    if (!inert)
        settle_process(environment);
    /* A process that only opens the library (dlopen), to call its functions, is not trapped. */
    unsock_start_traps = !inert && unsock_settings.engine == UNSOCK_ENGINE_TRAP && preloaded_by_name(environment);
    /* A trapped program needs the library's file to run other programs, even if none of its sockets is redirected. */
    if (inert && !unsock_start_trapped)
        return UNSOCK_INERT;
    if (!unsock_library_file(environment, buffer, &path))
        path.length = 0;
    unsock_child_environment_take(inert ? NULL : environment, path);
    return inert ? UNSOCK_INERT : UNSOCK_ACTIVE;
}

void unsock_start_loaded(const char *const *whole, const char *own_file, uintptr_t stack_end) {
    const char *own[UNSOCK_ENVIRONMENT_OWN];
    const char *const *environment = unsock_environment_own(whole, own);
    unsock_start_trapped = true;
    unsock_born_streams_alone();
    unsock_user_stack_end = stack_end;
    unsock_this_process_start();
    bool inert = unsock_environment_is_off(environment) || !unsock_environment_get(environment, "UNSOCK_DIR");
    if (!inert)
        settle_process(environment);
    unsock_child_environment_take(inert ? NULL : environment, unsock_span_of(own_file));
    __atomic_store_n(&unsock_activity, inert ? UNSOCK_INERT : UNSOCK_ACTIVE, __ATOMIC_RELEASE);
}

void unsock_start_marks(void) {
    unsock_start_trapped = unsock_is_trapped();
    if (unsock_start_trapped)
        unsock_born_streams_alone();
    else
        unsock_sys_mark_bits = 0;
}

void unsock_start_program(const char *const *whole, const char *own_file) {
    const char *own[UNSOCK_ENVIRONMENT_OWN];
    const char *const *environment = unsock_environment_own(whole, own);
    unsock_user_start();
    unsock_this_process_start();
    unsock_child_environment_take(environment, unsock_span_of(own_file));
    __atomic_store_n(&unsock_activity, UNSOCK_ACTIVE, __ATOMIC_RELEASE);
}

bool unsock_start_active(void) {
    enum unsock_activity expected = UNSOCK_NOT_STARTED;
    if (__atomic_compare_exchange_n(&unsock_activity, &expected, UNSOCK_STARTING, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        unsock_start_marks();
        unsock_user_start();
        unsock_this_process_start();
        enum unsock_activity activity = decide_activity();
        if (unsock_start_trapped || unsock_start_traps)
            unsock_next_resolve_trapped();
        else
            unsock_next_resolve();
        __atomic_store_n(&unsock_activity, activity, __ATOMIC_RELEASE);
    }
    /* If another thread is starting the library, waits for that thread, for some microseconds. */
    while (__atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE) == UNSOCK_STARTING)
        unsock_sched_yield();
    return __atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE) == UNSOCK_ACTIVE;
}

__attribute__((constructor)) static void start_process(void) {
    unsock_start_active();
}

const char *unsock_version(void) {
    return UNSOCK_VERSION;
}

int unsock_last_error(void) {
    return unsock_libc_last_error();
}

int unsock_configure(const char *environment, size_t length, char *error, size_t size) {
    const char *own[UNSOCK_ENVIRONMENT_OWN];
    struct unsock_settings settings;
    char none[1];
    struct unsock_text line = unsock_text_in(size > 0 ? error : none, size > 0 ? size : 1);
    unsock_active();
    if ((!unsock_environment_of_block(environment, length, own) && !unsock_text_fail(&line, "too many variables")) ||
        !unsock_settings_read(own, &settings, &line) || !unsock_directory_make(&settings, &line) ||
        !unsock_log_start(&settings, &line))
        return -EINVAL;
    unsock_settings = settings;
    __atomic_store_n(&unsock_activity, UNSOCK_ACTIVE, __ATOMIC_RELEASE);
    return 0;
}
