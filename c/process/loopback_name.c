/*
 * Gives and removes names of loopbacks. A new link is made beside the old one, and renamed over it. A process that
 * makes or removes a name has the directory locked (flock(2)), so that no new link is removed in the place of a
 * dangling one.
 */
#include "process/run_directory.h"

#include "kernel/file_info.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#define OF_CHECKOUT "/." /* ends the text of a checkout's name */
#define CANDIDATES 100   /* names of a checkout that are tried */

static bool is_loopback_name(struct unsock_span name) {
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_letter && (c != '-' || i == 0 || i + 1 == name.length))
            return false;
    }
    return name.length > 0 && name.length <= UNSOCK_LOOPBACK_NAME_MOST;
}

bool unsock_loopback_name_check(const char *name, struct unsock_text *error) {
    if (!name || is_loopback_name(unsock_span_of(name)))
        return true;
    return unsock_text_fail(error, "run: --name: must be 1 to 63 of a-z, 0-9 and -, as a host's name: \"", name, "\"");
}

/* Opens and locks the directory of the names. Returns the descriptor, or -errno. */
static long lock_names(const char *names) {
    long fd = unsock_openat(AT_FDCWD, names, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    return unsock_opened(fd, fd < 0 ? fd : unsock_flock(fd, LOCK_EX));
}

/* A name to give to a directory, and what the directory of the names has already. */
struct naming {
    const char *given;                         /* by --name; NULL: the checkout's */
    const struct unsock_checkout_names *names; /* the checkout's; NULL: none */
    const char *path;                          /* the directory that gets it */
    char *mine;                                /* the checkout's present name; empty: none */
    bool has_given;                            /* --name has named the directory before */
};

/* Returns the directory to which the link leads, without the "/." of a checkout's name. Empty: no link. */
static struct unsock_span read_name(long directory, const char *name, char *buffer, bool *is_checkouts) {
    long length = unsock_readlinkat(directory, name, buffer, UNSOCK_RUN_PATH_MOST);
    struct unsock_span text = {buffer, length > 0 ? (size_t)length : 0};
    *is_checkouts = text.length > 2 && unsock_same(text.at + text.length - 2, OF_CHECKOUT, 2);
    text.length -= *is_checkouts ? 2 : 0;
    return text;
}

/* Removes the names of directories that do not exist any more, and looks at those of `naming` (NULL: none). The caller
 * has the directory of the names locked. */
static void visit_names(long directory, struct naming *naming) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    char buffer[UNSOCK_RUN_PATH_MOST];
    bool is_checkouts;
    unsock_entries_open(&entries, directory, ".");
    for (const char *name; (name = unsock_entries_next(&entries, &type));) {
        if (!is_loopback_name(unsock_span_of(name)))
            continue;
        if (unsock_faccessat(directory, name, 0) == -ENOENT)
            unsock_unlinkat(directory, name, 0);
        else if (naming && unsock_span_is(read_name(directory, name, buffer, &is_checkouts), naming->path)) {
            naming->has_given |= !is_checkouts;
            if (is_checkouts)
                memcpy(naming->mine, name, strlen(name) + 1);
        }
    }
    unsock_entries_close(&entries);
}

void unsock_loopback_names_prune(const char *directory) {
    UNSOCK_TEXT(names, UNSOCK_RUN_PATH_MOST);
    unsock_text_join(&names, directory, "/" UNSOCK_LOOPBACK_NAMES);
    UNSOCK_CLOSED long fd = names.cut ? -ENAMETOOLONG : lock_names(names.buffer);
    if (fd >= 0)
        visit_names(fd, NULL);
}

/* Makes or replaces the name's link. Returns 0 or -errno. */
static long put_name(long directory, const char *name, const char *path, const char *end) {
    UNSOCK_TEXT(text, UNSOCK_RUN_PATH_MOST);
    unsock_text_join(&text, path, end);
    unsock_unlinkat(directory, ".next", 0); /* left by a killed process */
    long result = text.cut ? -ENAMETOOLONG : unsock_symlinkat(text.buffer, directory, ".next");
    return result < 0 ? result : unsock_renameat2(directory, ".next", directory, name, 0);
}

/* Writes the checkout's name number `number`: its own, the longer one, and that with a number. */
static void put_candidate(const struct unsock_checkout_names *names, unsigned number, char *name) {
    struct unsock_text text = unsock_text_in(name, UNSOCK_LOOPBACK_NAME_MOST + 1);
    unsock_text_put(&text, number == 0 ? names->own : names->longer);
    if (number < 2)
        return;
    text.length = UNSOCK_MIN(text.length, UNSOCK_LOOPBACK_NAME_MOST - sizeof("-99") + 1);
    while (text.buffer[text.length - 1] == '-')
        text.length--;
    unsock_text_join(&text, "-", UNSOCK_DECIMAL(number));
}

/* True if another loopback has the name: by a link, or as a directory in the default one or as that itself. */
static bool is_taken(long directory, const char *base, const char *name) {
    UNSOCK_TEXT(beside, UNSOCK_LOOPBACK_NAME_MOST + 4);
    unsock_text_join(&beside, "../", name);
    return unsock_faccessat(directory, name, 0) != -ENOENT || unsock_faccessat(directory, beside.buffer, 0) == 0 ||
           unsock_span_is(unsock_base_name(unsock_span_of(base)), name);
}

/* Gives the checkout the first name that is free. It keeps one that it has, while its branch is the same. */
static long give_checkout_name(long directory, const char *base, const struct naming *naming) {
    char name[UNSOCK_LOOPBACK_NAME_MOST + 1];
    unsigned number = 0;
    for (put_candidate(naming->names, number, name); number < CANDIDATES; put_candidate(naming->names, ++number, name))
        if (naming->mine[0] != '\0' && unsock_span_is(unsock_span_of(name), naming->mine))
            return 0;
    if (naming->mine[0] != '\0')
        unsock_unlinkat(directory, naming->mine, 0);
    for (number = 0; number < CANDIDATES; number++) {
        put_candidate(naming->names, number, name);
        if (!is_taken(directory, base, name))
            return put_name(directory, name, naming->path, OF_CHECKOUT);
    }
    return -EEXIST;
}

/* Gives the name. Returns 0 or -errno. */
static long give_loopback_name(const char *base, const char *names, struct naming *naming) {
    char mine[UNSOCK_LOOPBACK_NAME_MOST + 1] = "";
    long result = unsock_mkdirat(AT_FDCWD, names, 0700);
    if (result < 0 && result != -EEXIST)
        return result;
    UNSOCK_CLOSED long directory = lock_names(names);
    if (directory < 0)
        return directory;
    naming->mine = mine;
    visit_names(directory, naming);
    if (!naming->given && !naming->has_given)
        return give_checkout_name(directory, base, naming);
    if (mine[0] != '\0')
        unsock_unlinkat(directory, mine, 0);
    return naming->given ? put_name(directory, naming->given, naming->path, "") : 0;
}

bool unsock_loopback_name_give(const char *name, const char *path, const char *git, const char *const *caller,
                               struct unsock_text *error) {
    struct unsock_environment environment = {.list = caller};
    struct unsock_run_directory directory;
    struct unsock_checkout_names own;
    struct naming naming = {.given = name, .names = &own, .path = path};
    UNSOCK_TEXT(unused, UNSOCK_RUN_PATH_MOST);
    UNSOCK_TEXT(names, UNSOCK_RUN_PATH_MOST);
    if (!name && git[0] == '\0')
        return true;
    if (!name)
        unsock_checkout_names(git, &own);
    if (!unsock_run_directory_default(&environment, &directory, name ? error : &unused) ||
        !unsock_run_directory_prepare(&directory, false, NULL, NULL, name ? error : &unused))
        return !name;
    unsock_text_join(&names, directory.path, "/" UNSOCK_LOOPBACK_NAMES);
    long result = give_loopback_name(directory.path, names.buffer, &naming);
    if (result < 0 && name)
        unsock_text_join(error, "run: --name: ", names.buffer, "/", name, ": ", unsock_errno_words(-result));
    return result == 0 || !name;
}
