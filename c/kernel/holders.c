/* Looking for a socket among the descriptors of all processes. */
#include "kernel/holders.h"

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"

#include <linux/stat.h>

#define CHUNK 4096
#define LINKS_MOST 50000 /* on a machine with more descriptors than these, the answer is not worth its time */
#define SINGLE_THREAD_LINKS 3 /* of /proc/self/task: ".", ".." and one thread (proc_task_getattr, fs/proc/base.c) */

/* struct linux_dirent64 (getdents64(2)): 8 bytes inode, 8 offset, 2 length of the record, 1 type, and the name. */
#define RECORD_LENGTH 16
#define RECORD_NAME 19

struct search {
    char link[40]; /* "socket:[123]" */
    size_t link_length;
    int links;
};

/* Calls `look` with each name in a directory that is a number, until it returns true. */
static bool look_at_numbers(long directory, bool (*look)(long directory, const char *name, struct search *search),
                            struct search *search) {
    _Alignas(8) char records[CHUNK];
    long length;
    while ((length = unsock_sys(__NR_getdents64, directory, records, sizeof(records))) > 0) {
        uint16_t size;
        for (long at = 0; at + RECORD_NAME < length; at += size) {
            const char *name = records + at + RECORD_NAME;
            memcpy(&size, records + at + RECORD_LENGTH, sizeof(size));
            if (size <= RECORD_NAME || size > length - at)
                return true;
            if (name[0] >= '0' && name[0] <= '9' && look(directory, name, search))
                return true;
        }
    }
    return length < 0;
}

static bool is_searched(long directory, const char *name, struct search *search) {
    char link[sizeof(search->link)];
    long length = unsock_sys(__NR_readlinkat, directory, name, link, sizeof(link));
    if (search->links++ > LINKS_MOST)
        return true;
    return length == (long)search->link_length && unsock_same(link, search->link, search->link_length);
}

/* A process that may not be looked into is another user's, who cannot have the socket from this one; or root's matter. */
static bool is_unknown(long proc, const char *path, long error) {
    struct statx status;
    if (error != -EACCES && error != -EPERM)
        return error != -ENOENT && error != -ESRCH;
    uint32_t user = (uint32_t)unsock_sys(__NR_geteuid);
    return user == 0 || unsock_sys(__NR_statx, proc, path, 0, STATX_UID, &status) < 0 || status.stx_uid == user;
}

static bool has_process(long proc, const char *name, struct search *search) {
    char path[40];
    struct unsock_text text;
    uint64_t pid = 0;
    struct unsock_span number = unsock_span_of(name);
    if (!unsock_span_number(number, 10, INT32_MAX, &pid) || pid == (uint64_t)unsock_sys(__NR_getpid))
        return false;
    unsock_text_start(&text, path, sizeof(path));
    unsock_text_span(&text, number);
    unsock_text_put(&text, "/fd");
    long directory = unsock_sys(__NR_openat, proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return is_unknown(proc, path, directory);
    bool found = look_at_numbers(directory, is_searched, search);
    unsock_sys(__NR_close, directory);
    return found;
}

bool unsock_holders_may_be_others(uint64_t inode) {
    struct search search = {.links = 0};
    struct statx status;
    struct unsock_text text;
    if (unsock_sys(__NR_statx, AT_FDCWD, "/proc/self/task", 0, STATX_NLINK, &status) < 0 ||
        status.stx_nlink <= SINGLE_THREAD_LINKS)
        return true;
    unsock_text_start(&text, search.link, sizeof(search.link));
    unsock_text_put(&text, "socket:[");
    unsock_text_number(&text, inode, 10, 1);
    unsock_text_char(&text, ']');
    search.link_length = text.length;
    long proc = unsock_sys(__NR_openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return true;
    bool others = look_at_numbers(proc, has_process, &search);
    unsock_sys(__NR_close, proc);
    return others;
}
