/* Gives a directory its group and mode through an open descriptor: nobody can replace the directory meanwhile. */
#include "process/run_directory.h"

#include "rt/system_calls.h"
#include "rules/errno.h"

#define GETENT "/usr/bin/getent"
#define GROUP_MOST 0xfffffffeu
#define CHUNK 4096
#define LINE_START 256
#define GROUP_MODE 02770 /* members serve and connect; set-group-ID gives new files the directory's group */

/* Reads the number from a line of group(5), NAME:PASSWORD:NUMBER:MEMBERS, which may be cut within MEMBERS. False if
 * NAME is not `name`, or the line is malformed. */
static bool read_group_line(struct unsock_span line, const char *name, uint32_t *group) {
    uint64_t number;
    if (!unsock_span_is(unsock_span_next(&line, ':'), name))
        return false;
    unsock_span_next(&line, ':');
    struct unsock_span digits = unsock_span_next(&line, ':');
    if (digits.at + digits.length == line.at || !unsock_span_number(digits, 10, GROUP_MOST, &number))
        return false;
    *group = (uint32_t)number;
    return true;
}

/* Searches the lines of `fd` for a group, and closes `fd`. A line may be long: only its start is kept. */
static bool find_in(long fd, const char *name, uint32_t *group) {
    char chunk[CHUNK], line[LINE_START];
    size_t length = 0;
    bool found = false;
    for (long count = 1; fd >= 0 && count > 0 && !found;) {
        count = unsock_read(fd, chunk, sizeof(chunk));
        for (long i = 0; i < count && !found; i++) {
            if (chunk[i] == '\n') {
                found = read_group_line((struct unsock_span){line, length}, name, group);
                length = 0;
            } else if (length < sizeof(line)) {
                line[length++] = chunk[i];
            }
        }
    }
    unsock_close_open(fd);
    /* The last line may have no newline. */
    return found || read_group_line((struct unsock_span){line, length}, name, group);
}

static bool ask_system(const char *name, uint32_t *group) {
    int32_t pipe[2];
    if (unsock_faccessat(AT_FDCWD, GETENT, 1) < 0 || unsock_pipe2(pipe, O_CLOEXEC) < 0)
        return false;
    long child = unsock_clone(SIGCHLD, NULL);
    if (child == 0) {
        unsock_dup3(pipe[1], 1, 0);
        unsock_execve(GETENT, (const char *const[]){GETENT, "group", name, NULL}, (const char *const[]){NULL});
        unsock_exit(1);
    }
    unsock_close(pipe[1]);
    bool found = find_in(pipe[0], name, group);
    unsock_wait_for(child);
    return found;
}

/* Finds a group's number: by its name in /etc/group, else as a number, else by getent(1), which reads other sources. */
static bool group_named(const char *name, uint32_t *group) {
    uint64_t number;
    if (find_in(unsock_openat(AT_FDCWD, "/etc/group", O_RDONLY | O_CLOEXEC, 0), name, group))
        return true;
    bool is_number = unsock_span_number(unsock_span_of(name), 10, GROUP_MOST, &number);
    if (is_number)
        *group = (uint32_t)number;
    return is_number || (name[0] != '\0' && name[0] != '-' && ask_system(name, group));
}

bool unsock_directory_rights_read(const char *group, const char *mode, struct unsock_directory_rights *rights,
                                  struct unsock_text *error) {
    uint64_t bits = GROUP_MODE;
    *rights = (struct unsock_directory_rights){.given = group || mode, .name = group};
    if (mode && !unsock_span_number(unsock_span_of(mode), 8, UNSOCK_MODE_BITS, &bits))
        return unsock_text_fail(error, "--dir-mode: must be an octal mode from 0 to 7777: \"", mode, "\"");
    rights->mode = (uint32_t)bits;
    if (!group || group_named(group, &rights->group))
        return true;
    unsock_text_put(error, "--group: there is no such group: ");
    unsock_text_quote(error, unsock_span_of(group));
    return unsock_text_fail(error,
                            ": root makes it first, groupadd --system GROUP, and its members, usermod -aG GROUP USER");
}

static bool give_directory(const struct unsock_run_directory *directory, const struct unsock_directory_rights *rights,
                           struct unsock_text *error) {
    UNSOCK_CLOSED long fd =
        unsock_openat(AT_FDCWD, directory->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    long result = fd < 0 ? fd : rights->name ? unsock_fchown(fd, -1, rights->group) : 0;
    if (result == 0)
        result = unsock_fchmod(fd, rights->mode);
    if (result == 0)
        return true;
    unsock_unlinkat(AT_FDCWD, directory->path, AT_REMOVEDIR);
    return unsock_text_fail(error, "directory ", directory->path, ": ", rights->name ? "group " : "its mode",
                            rights->name ? rights->name : "", ": ", unsock_errno_words(-result),
                            ": you have to be one of the group, or root");
}

static bool check_rights(const struct unsock_run_directory *directory, const struct unsock_directory_rights *rights,
                         struct unsock_text *error) {
    struct statx status;
    long result = unsock_statx(AT_FDCWD, directory->path, 0, STATX_BASIC_STATS, &status);
    bool other_group = result == 0 && rights->name && status.stx_gid != rights->group;
    if (result == 0 && !other_group && (status.stx_mode & UNSOCK_MODE_BITS) == rights->mode)
        return true;
    if (result < 0)
        return unsock_text_fail(error, "directory ", directory->path, ": ", unsock_errno_words(-result));
    unsock_text_join(error, "directory ", directory->path, ": is there already, with other rights: ");
    if (other_group)
        unsock_text_join(error, "chgrp ", rights->name, " ", directory->path, " && ");
    return unsock_text_fail(error, "chmod ", UNSOCK_MODE(rights->mode), " ", directory->path);
}

/* True if the directory exists, or if no untrusted user could replace a new one before this process sets its rights. */
static bool may_give(const struct unsock_run_directory *directory, struct unsock_text *error) {
    struct unsock_run_directory unasked = {.asked = false};
    if (unsock_faccessat(AT_FDCWD, directory->path, 0) == 0)
        return true;
    memcpy(unasked.path, directory->path, strlen(directory->path) + 1);
    return unsock_run_directory_check_place(&unasked, false, error);
}

bool unsock_directory_rights_prepare(const struct unsock_run_directory *directory, bool force,
                                     const struct unsock_directory_rights *rights, bool *made,
                                     struct unsock_text *error) {
    if (!unsock_checkout_prepare(directory, error))
        return false;
    if (!rights->given)
        return unsock_run_directory_prepare(directory, force, rights, made, error);
    return may_give(directory, error) && unsock_run_directory_prepare(directory, force, rights, made, error) &&
           (*made ? give_directory : check_rights)(directory, rights, error) &&
           unsock_run_directory_check(directory, force, error);
}
