/* Finds and kills the processes that use a directory. The environment alone does not show all of them, since a program
 * that sets its title may overwrite its /proc/PID/environ. */
#include "process/run_directory.h"

#include "kernel/file_info.h"
#include "kernel/socket_info.h"

#define VARIABLE "UNSOCK_DIR="
#define CHUNK 4096
#define END_MS 500
#define PASSES_MOST 16
#define SOCKETS_MOST 1024
#define PROCESSES_MOST 256 /* at once */

struct users {
    struct unsock_span variable; /* UNSOCK_DIR=DIRECTORY */
    struct unsock_file_id directory;
    unsigned socket_count, count;
    uint32_t sockets[SOCKETS_MOST];     /* the inodes of sockets that are bound in the directory */
    uint32_t processes[PROCESSES_MOST]; /* the processes that use the directory */
    int descriptors[PROCESSES_MOST];    /* their pidfds: a process's number may be used again */
    char buffer[CHUNK];
};

static const char *process_path(uint64_t process, const char *name, char path[64]) {
    struct unsock_text text = unsock_text_in(path, 64);
    unsock_text_join(&text, "/proc/", UNSOCK_DECIMAL(process), "/", name);
    return path;
}

/* True if UNSOCK_DIR in /proc/PID/environ is the directory or one below (`run --each`). Reads the file in pieces. */
static bool has_variable(const struct users *users, uint32_t process) {
    char bytes[CHUNK], path[64];
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, process_path(process, "environ", path), O_RDONLY | O_CLOEXEC, 0);
    size_t matched = 0;
    bool apart = false; /* the current string differs */
    for (long count; fd >= 0 && (count = unsock_read(fd, bytes, sizeof(bytes))) > 0;) {
        for (long i = 0; i < count; i++) {
            bool whole = matched == users->variable.length;
            if (whole && !apart && (bytes[i] == '\0' || bytes[i] == '/'))
                return true;
            apart |= whole || bytes[i] != users->variable.at[matched];
            matched += !apart;
            if (bytes[i] == '\0') {
                apart = false;
                matched = 0;
            }
        }
    }
    return false;
}

static bool has_socket(const struct users *users, uint32_t process) {
    static const char socket[] = "socket:[";
    char path[64], link[64];
    struct unsock_entries entries;
    enum unsock_entry_type type;
    uint64_t number;
    bool found = false;
    if (users->socket_count == 0)
        return false;
    unsock_entries_open(&entries, AT_FDCWD, process_path(process, "fd", path));
    for (const char *name; !found && (name = unsock_entries_next(&entries, &type));) {
        long length = unsock_readlinkat(entries.fd, name, link, sizeof(link) - 1);
        link[length < 0 ? 0 : length] = '\0';
        struct unsock_span rest = {link + sizeof(socket) - 1, 0};
        rest.length = unsock_begins(link, socket) ? strlen(rest.at) : 0;
        found = unsock_span_number(unsock_span_next(&rest, ']'), 10, UINT32_MAX, &number) &&
                unsock_is_among((uint32_t)number, users->sockets, users->socket_count);
    }
    unsock_entries_close(&entries);
    return found;
}

/* Returns the process's parent; 0 if it has none, or one in another namespace; -1 if the process has ended. */
static int64_t parent_of(uint32_t process) {
    char path[64];
    struct unsock_lines lines;
    struct unsock_span line;
    int64_t parent = -1;
    unsock_lines_open(&lines, process_path(process, "status", path));
    while (parent < 0 && unsock_lines_next(&lines, &line)) {
        uint64_t number = 0;
        struct unsock_span name = unsock_span_next(&line, '\t'), value = unsock_lines_word(&line);
        if (unsock_span_is(name, "State:") && unsock_span_is(value, "Z"))
            break;
        if (unsock_span_is(name, "PPid:") && unsock_span_number(value, 10, UINT32_MAX, &number))
            parent = (int64_t)number;
    }
    unsock_lines_close(&lines);
    return parent;
}

static bool note_socket(void *context, const struct unsock_unix_socket *socket) {
    struct users *users = context;
    if (socket->has_file && unsock_unix_socket_is_in(socket, &users->directory))
        users->sockets[users->socket_count++] = socket->number;
    return users->socket_count < SOCKETS_MOST;
}

/* If the process uses the directory, stores the process and returns true. */
static bool note_process(struct users *users, uint32_t process) {
    long fd = unsock_pidfd_open(process, 0);
    int64_t parent = fd < 0 ? -1 : parent_of(process);
    if (parent < 0 || !(unsock_is_among((uint32_t)parent, users->processes, users->count) ||
                        has_variable(users, process) || has_socket(users, process))) {
        unsock_close_open(fd);
        return false;
    }
    users->descriptors[users->count] = (int)fd;
    users->processes[users->count++] = process;
    return true;
}

/* Stores the directory's users except `spared`. Reads /proc until no user is new: a child may precede its parent. */
static void find_users(struct users *users, const char *directory, const uint32_t spared[2]) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    struct unsock_text text = unsock_text_in(users->buffer, sizeof(users->buffer));
    unsock_text_join(&text, VARIABLE, directory);
    users->variable = (struct unsock_span){users->buffer, text.length};
    users->socket_count = users->count = 0;
    users->directory = unsock_file_id_of(AT_FDCWD, directory);
    if (users->directory.inode != 0)
        unsock_unix_sockets_each(false, note_socket, users);
    for (bool more = true; more;) {
        more = false;
        unsock_entries_open(&entries, AT_FDCWD, "/proc");
        for (const char *name; users->count < PROCESSES_MOST && (name = unsock_entries_next(&entries, &type));) {
            uint64_t process;
            if (unsock_span_number(unsock_span_of(name), 10, INT32_MAX, &process) &&
                !unsock_is_among((uint32_t)process, spared, 2) &&
                !unsock_is_among((uint32_t)process, users->processes, users->count))
                more |= note_process(users, (uint32_t)process);
        }
        unsock_entries_close(&entries);
    }
}

static void forget_users(struct users *users) {
    while (users->count > 0)
        unsock_close(users->descriptors[--users->count]);
}

/* Kills the processes. Waits up to half a second for the end of each. True if at least one has ended. */
static bool end_users(const struct users *users) {
    bool ended = false;
    for (unsigned i = 0; i < users->count; i++)
        unsock_pidfd_send_signal(users->descriptors[i], SIGKILL, NULL, 0);
    for (unsigned i = 0; i < users->count; i++)
        ended |= unsock_await(users->descriptors[i], EPOLLIN, END_MS) > 0;
    return ended;
}

bool unsock_users_of(const char *directory) {
    static const uint32_t nobody[2];
    struct users users;
    find_users(&users, directory, nobody);
    bool any = users.count > 0;
    forget_users(&users);
    return any;
}

void unsock_users_end(const char *directory, struct unsock_text *left) {
    const uint32_t spared[] = {(uint32_t)unsock_getpid(), (uint32_t)unsock_getppid()};
    struct users users;
    find_users(&users, directory, spared);
    /* Searches again after each kill: a process may have started another one just before it was killed. */
    for (int pass = 0; pass < PASSES_MOST && end_users(&users); pass++) {
        forget_users(&users);
        find_users(&users, directory, spared);
    }
    for (unsigned i = 0; i < users.count; i++) {
        char path[64], name[32];
        process_path(users.processes[i], "comm", path);
        UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        long length = fd < 0 ? 0 : unsock_read(fd, name, sizeof(name));
        unsock_text_put(left, i > 0 ? ", " : "");
        unsock_text_span(left, (struct unsock_span){name, length > 0 ? (size_t)length - 1 : 0});
        unsock_text_join(left, " (", UNSOCK_DECIMAL(users.processes[i]), ")");
    }
    forget_users(&users);
}
