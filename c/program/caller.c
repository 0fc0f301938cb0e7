/* Read from /proc, as getppid tells the parent. */
#include "program/caller.h"

#include "program/keeper.h"
#include "rt/system_calls.h"

#include <linux/resource.h>

#define COMMON_SOFT_NOFILE 1024
#define TEXT_MOST 8192

/*
 * Shells hand an ignored SIGPIPE down to what they start. Other runtimes that ignore it themselves (Python, Node, Deno)
 * set it back in their children, so that their own state says nothing. systemd ignores it and lets services inherit
 * that by default (IgnoreSIGPIPE=).
 */
static const char hands_down[][10] = {"ash",  "bash", "busybox", "dash", "fish", "ksh", "ksh93",
                                      "mksh", "oksh", "rbash",   "sh",   "yash", "zsh", "systemd"};

/* /proc/PID/limits and status, of this process and of its parent; NULL: unreadable. */
struct unsock_caller_texts {
    const char *own_limits;
    const char *parent_limits;
    const char *parent_status;
};

struct unsock_caller {
    bool ignores_sigpipe;
    bool changes_nofile; /* else that stays as it is */
    uint64_t soft_nofile;
};

/* What stands in the line that begins so, behind that and blanks. False: there is none. */
static bool find_line(const char *text, const char *start, struct unsock_span *rest) {
    struct unsock_span lines = unsock_span_of(text ? text : "");
    size_t length = strlen(start);
    while (lines.length > 0) {
        struct unsock_span line = unsock_span_next(&lines, '\n');
        if (line.length < length || !unsock_same(line.at, start, length))
            continue;
        *rest = (struct unsock_span){line.at + length, line.length - length};
        while (rest->length > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
            *rest = (struct unsock_span){rest->at + 1, rest->length - 1};
        return true;
    }
    return false;
}

static bool next_limit(struct unsock_span *rest, uint64_t *limit) {
    struct unsock_span word = unsock_span_next(rest, ' ');
    while (rest->length > 0 && rest->at[0] == ' ')
        *rest = (struct unsock_span){rest->at + 1, rest->length - 1};
    *limit = UINT64_MAX;
    return unsock_span_is(word, "unlimited") || unsock_span_number(word, 10, UINT64_MAX, limit);
}

static bool read_nofile(const char *limits, struct rlimit64 *nofile) {
    struct unsock_span rest;
    uint64_t soft, hard;
    if (!find_line(limits, "Max open files", &rest) || !next_limit(&rest, &soft) || !next_limit(&rest, &hard))
        return false;
    *nofile = (struct rlimit64){soft, hard};
    return true;
}

static bool hands_sigpipe_down(struct unsock_span name) {
    if (name.length > 0 && name.at[0] == '-')
        name = (struct unsock_span){name.at + 1, name.length - 1};
    for (size_t i = 0; i < sizeof(hands_down) / sizeof(hands_down[0]); i++) {
        if (unsock_span_is(name, hands_down[i]))
            return true;
    }
    return false;
}

static void derive_nofile(const struct unsock_caller_texts *texts, struct unsock_span parent_name,
                          struct unsock_caller *caller) {
    struct rlimit64 own, parent;
    /* Different limits: the runtime did not raise the soft one. */
    if (!read_nofile(texts->own_limits, &own) || own.rlim_cur != own.rlim_max)
        return;
    /* systemd's own limits are not those of its services. */
    bool tells = read_nofile(texts->parent_limits, &parent) &&
                 !(unsock_span_is(parent_name, "systemd") && parent.rlim_max != own.rlim_max);
    uint64_t inherited = tells ? parent.rlim_cur : COMMON_SOFT_NOFILE;
    caller->soft_nofile = UNSOCK_MIN(inherited, (uint64_t)own.rlim_max);
    caller->changes_nofile = caller->soft_nofile != own.rlim_cur;
}

/* What the caller most likely had. Pure. */
static void derive(const struct unsock_caller_texts *texts, struct unsock_caller *caller) {
    struct unsock_span name = {"", 0}, ignored;
    uint64_t signals = 0;
    *caller = (struct unsock_caller){.ignores_sigpipe = false};
    find_line(texts->parent_status, "Name:", &name);
    if (find_line(texts->parent_status, "SigIgn:", &ignored))
        unsock_span_number(ignored, 16, UINT64_MAX, &signals);
    caller->ignores_sigpipe = hands_sigpipe_down(name) && (signals >> (SIGPIPE - 1) & 1);
    derive_nofile(texts, name, caller);
}

/* NULL: unreadable. */
static const char *read_text(long pid, const char *name, char text[TEXT_MOST]) {
    char path[64];
    struct unsock_text line = unsock_text_in(path, sizeof(path));
    size_t length = 0;
    unsock_text_put(&line, "/proc/");
    unsock_text_number(&line, (uint64_t)pid, 10, 1);
    unsock_text_put(&line, name);
    long fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0), count = fd;
    while (fd >= 0 && length < TEXT_MOST - 1 && (count = unsock_read(fd, text + length, TEXT_MOST - 1 - length)) > 0)
        length += (size_t)count;
    unsock_close_open(fd);
    text[length] = '\0';
    return count < 0 ? NULL : text;
}

void unsock_caller_restore(void) {
    char own_limits[TEXT_MOST], parent_limits[TEXT_MOST], parent_status[TEXT_MOST];
    long parent = unsock_getppid();
    struct unsock_caller_texts texts = {read_text(unsock_getpid(), "/limits", own_limits),
                                        read_text(parent, "/limits", parent_limits),
                                        read_text(parent, "/status", parent_status)};
    struct unsock_caller caller;
    struct rlimit64 nofile;
    derive(&texts, &caller);
    if (!caller.ignores_sigpipe)
        unsock_keeper_dispose(SIGPIPE, SIG_DFL);
    if (!caller.changes_nofile || unsock_prlimit64(0, RLIMIT_NOFILE, NULL, &nofile) < 0)
        return;
    nofile.rlim_cur = caller.soft_nofile;
    unsock_prlimit64(0, RLIMIT_NOFILE, &nofile, NULL);
}
