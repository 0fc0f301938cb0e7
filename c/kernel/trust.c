/* Checks who could replace a file or a directory. Walks the path one component at a time, following links as the kernel
 * does, and checks the owner and the permissions of each component. */
#include "kernel/file_info.h"

#include "rt/system_calls.h"

#define OVERFLOW_USER_FILE "/proc/sys/kernel/overflowuid"
#define OVERFLOW_USER 65534u /* if the file cannot be read */
#define ACCESS_LIST "system.posix_acl_access"
#define NAME_MOST 64
#define LINKS_MOST 40 /* as in the kernel */
#define NOBODY_MORE UINT32_MAX

/* A walk along a path: `at` has the part that is done, `rest` the part to come. */
static UNSOCK_TABLE struct walk {
    struct unsock_text *why;
    uint32_t owner; /* a user who is trusted besides root and this user; NOBODY_MORE: none */
    unsigned links;
    bool place;  /* check only whether the last component can be replaced */
    bool shared; /* the walked directory is sticky, and others may write to it: each can replace only his own files */
    bool link;
    size_t length;
    char at[UNSOCK_PATH_MOST];
    char trusted[3][NAME_MOST]; /* the names of the trusted users */
    char rest[2 * UNSOCK_PATH_MOST];
    char whole[2 * UNSOCK_PATH_MOST]; /* a link's text, with the rest behind it */
} walk;

/* Returns the user that this user namespace shows for unmapped owners (the overflow user); UINT64_MAX if the namespace
 * maps that user, too, or if its map cannot be read. */
static uint64_t unknown_owner(void) {
    struct unsock_lines lines;
    struct unsock_span line;
    uint64_t first, count, user = OVERFLOW_USER;
    bool known = false;
    unsock_lines_open(&lines, OVERFLOW_USER_FILE);
    if (unsock_lines_next(&lines, &line))
        unsock_span_number(line, 10, UINT32_MAX, &user);
    unsock_lines_close(&lines);
    unsock_lines_open(&lines, "/proc/self/uid_map");
    while (unsock_lines_next(&lines, &line)) {
        bool read = unsock_span_number(unsock_lines_word(&line), 10, UINT32_MAX, &first);
        unsock_lines_word(&line);
        read = read && unsock_span_number(unsock_lines_word(&line), 10, UINT32_MAX, &count);
        known |= read && first <= user && user - first < count;
    }
    known |= lines.fd < 0;
    unsock_lines_close(&lines);
    return known ? UINT64_MAX : user;
}

/* True for a trusted owner. The overflow user is trusted, too, since an unmapped root appears as this user. Not so in a
 * sticky directory, where any unmapped user may have placed a file. */
static bool is_known_owner(uint32_t owner) {
    if (owner == 0 || (long)owner == unsock_geteuid() || owner == walk.owner)
        return true;
    return !walk.shared && owner == unknown_owner();
}

/* Reads "NAME:PASSWORD:NUMBER:…" of /etc/passwd or /etc/group, up to the number. */
static bool read_entry(struct unsock_span *line, struct unsock_span *name, uint64_t *number) {
    *name = unsock_span_next(line, ':');
    unsock_span_next(line, ':');
    return unsock_span_number(unsock_span_next(line, ':'), 10, UINT32_MAX, number);
}

/* Finds the entry with the number `wanted` in the file at `path`. `name` and `rest` then point into `lines`. */
static bool find_entry(struct unsock_lines *lines, const char *path, uint32_t wanted, struct unsock_span *name,
                       struct unsock_span *rest) {
    uint64_t number;
    bool found = false;
    unsock_lines_open(lines, path);
    while (!found && unsock_lines_next(lines, rest))
        found = read_entry(rest, name, &number) && number == wanted;
    unsock_lines_close(lines);
    return found;
}

static void put_user(struct unsock_text *text, uint32_t uid) {
    struct unsock_lines lines;
    struct unsock_span name, rest;
    if (find_entry(&lines, "/etc/passwd", uid, &name, &rest))
        unsock_text_span(text, name);
    else
        unsock_text_number(text, uid, 10, 1);
}

static bool is_trusted_name(struct unsock_span name) {
    bool is_trusted = false;
    for (size_t i = 0; i < sizeof(walk.trusted) / NAME_MOST; i++)
        is_trusted |= walk.trusted[i][0] != '\0' && unsock_span_is(name, walk.trusted[i]);
    return is_trusted;
}

/* True if /etc/group lists only trusted users in the group. False if it lacks the group: its members are unknown. */
static bool has_only(uint32_t gid) {
    struct unsock_lines lines;
    struct unsock_span name, rest;
    bool only = find_entry(&lines, "/etc/group", gid, &name, &rest) && !lines.skipped;
    while (only && rest.length > 0) {
        name = unsock_span_next(&rest, ',');
        only = name.length == 0 || is_trusted_name(name);
    }
    return only;
}

/* True if /etc/passwd gives the group as primary group to trusted users alone. (/etc/group does not list them.) */
static bool is_first_of_only(uint32_t gid) {
    struct unsock_lines lines;
    struct unsock_span line, name;
    uint64_t number, first;
    bool only = true;
    unsock_lines_open(&lines, "/etc/passwd");
    while (only && unsock_lines_next(&lines, &line)) {
        if (read_entry(&line, &name, &number) &&
            unsock_span_number(unsock_span_next(&line, ':'), 10, UINT32_MAX, &first))
            only = first != gid || is_trusted_name(name);
    }
    only &= !lines.skipped;
    unsock_lines_close(&lines);
    return only;
}

/* True if all members of the group are trusted. False if the component `at` has an access list: the group's bits then
 * tell nothing about the group, but limit all entries of the list. */
static bool is_group_trusted(uint32_t gid, const char *at) {
    uint32_t users[] = {0, (uint32_t)unsock_geteuid(), walk.owner};
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        struct unsock_text text = unsock_text_in(walk.trusted[i], NAME_MOST);
        if (users[i] != NOBODY_MORE)
            put_user(&text, users[i]);
    }
    return unsock_getxattr(at, ACCESS_LIST, NULL, 0) <= 0 && has_only(gid) && is_first_of_only(gid);
}

static bool is_at_end(void) {
    size_t i = 0;
    while (walk.rest[i] == '/' || (walk.rest[i] == '.' && (walk.rest[i + 1] == '/' || walk.rest[i + 1] == '\0')))
        i++;
    return walk.rest[i] == '\0';
}

/* False, with `why`, if others could change or replace the walked component. True if this process cannot look it up. */
static bool check_walked_place(void) {
    struct statx status;
    const char *at = walk.length > 0 ? walk.at : "/";
    walk.link = false;
    if (unsock_statx(AT_FDCWD, at, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status) < 0)
        return true;
    unsigned type = status.stx_mode & S_IFMT;
    walk.link = type == S_IFLNK;
    bool is_end = walk.place && !walk.link && is_at_end();
    /* Nobody can change a link's text: the directory's permissions decide who can replace the link. */
    if ((walk.shared || !(walk.place && (walk.link || is_end))) && !is_known_owner(status.stx_uid)) {
        unsock_text_join(walk.why, at, " belongs to ");
        put_user(walk.why, status.stx_uid);
        return false;
    }
    if (walk.link || is_end)
        return true;
    bool others = (status.stx_mode & S_IWOTH) != 0, group = (status.stx_mode & S_IWGRP) != 0;
    walk.shared = type == S_IFDIR && (status.stx_mode & S_ISVTX) && (others || group);
    if (walk.shared)
        return true;
    if (others)
        return unsock_text_fail(walk.why, "everybody may write to ", at);
    return !group || is_group_trusted(status.stx_gid, at) || unsock_text_fail(walk.why, "others may write to ", at);
}

static void go_up(void) {
    while (walk.length > 0 && walk.at[--walk.length] != '/')
        ;
    walk.at[walk.length] = '\0';
}

static bool follow_walked_link(void) {
    struct unsock_text text = unsock_text_in(walk.whole, sizeof(walk.whole));
    long length = unsock_readlinkat(AT_FDCWD, walk.at, walk.whole, UNSOCK_PATH_MOST - 1);
    if (length <= 0 || ++walk.links > LINKS_MOST)
        return unsock_text_fail(walk.why, "too many levels of symbolic links: ", walk.at);
    text.length = (size_t)length;
    walk.whole[length] = '\0';
    unsock_text_join(&text, "/", walk.rest);
    if (text.cut)
        return unsock_text_fail(walk.why, "the path is too long: ", walk.at);
    go_up();
    if (walk.whole[0] == '/') {
        walk.length = 0;
        walk.shared = false; /* the root directory has been checked */
    }
    walk.at[walk.length] = '\0';
    memcpy(walk.rest, walk.whole, text.length + 1);
    return true;
}

/* Moves the next name from walk.rest to walk.at. False at the end. `*cut`: the path is too long. */
static bool step(bool *cut) {
    struct unsock_span rest = unsock_span_of(walk.rest), name = {walk.rest, 0};
    while (rest.length > 0 && (name.length == 0 || unsock_span_is(name, ".")))
        name = unsock_span_next(&rest, '/');
    if (name.length == 0 || unsock_span_is(name, "."))
        return false;
    if (unsock_span_is(name, "..")) {
        walk.shared = false;
        go_up();
    } else {
        struct unsock_text text = {walk.at, sizeof(walk.at), walk.length, false};
        unsock_text_char(&text, '/');
        unsock_text_span(&text, name);
        walk.length = text.length;
        *cut = text.cut;
    }
    memmove(walk.rest, rest.at, rest.length + 1);
    return true;
}

/* False, with `why`, if others could change or replace a component. Leaves `why` unchanged if true. */
static bool walk_path(const char *path, bool place, uint32_t owner, struct unsock_text *why) {
    bool cut = false;
    walk.why = why;
    walk.owner = owner;
    walk.place = place;
    walk.links = 0;
    walk.length = 0;
    walk.at[0] = '\0';
    walk.shared = walk.link = false;
    struct unsock_text text = unsock_text_in(walk.rest, sizeof(walk.rest));
    unsock_text_put(&text, path);
    do {
        if (text.cut || cut)
            return unsock_text_fail(why, "the path is too long: ", path);
        if (!check_walked_place() || (walk.link && !follow_walked_link()))
            return false;
    } while (step(&cut));
    return true;
}

bool unsock_trust(const char *path, struct unsock_text *why) {
    return walk_path(path, false, NOBODY_MORE, why);
}

enum unsock_place unsock_trust_place(const char *path, struct unsock_text *why) {
    struct statx status;
    struct unsock_text before = *why;
    if (walk_path(path, true, NOBODY_MORE, why))
        return UNSOCK_PLACE_FIXED;
    long result = unsock_statx(AT_FDCWD, path, 0, STATX_UID, &status);
    if (result != -EACCES && (result < 0 || unsock_geteuid() == 0))
        return UNSOCK_PLACE_OPEN;
    *why = before;
    why->buffer[why->length] = '\0';
    return result == -EACCES || walk_path(path, true, status.stx_uid, why) ? UNSOCK_PLACE_OWNERS : UNSOCK_PLACE_OPEN;
}
