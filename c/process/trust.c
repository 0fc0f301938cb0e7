/* Every directory on the way, link by link, as the kernel goes. */
#include "process/trust.h"

#include "rt/lines.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/stat.h>

#define OVERFLOW_USER 65534u
#define PATH_MOST 4096
#define NO_FOLLOW 0x100 /* AT_SYMLINK_NOFOLLOW */
#define OTHERS_WRITE 0002
#define GROUP_WRITES 0020
#define STICKY 01000
#define LINK 0120000
#define LINKS_MOST 40 /* as the kernel has it */

static bool say(struct unsock_text *why, const char *what, const char *at) {
    unsock_text_join(why, what, at);
    return false;
}

/* Whom this user namespace shows as the owner of what belongs to nobody that it knows; UINT64_MAX: it knows all. */
static uint64_t unknown_owner(void) {
    struct unsock_lines lines;
    struct unsock_span line;
    uint64_t first, count;
    bool known = false;
    unsock_lines_open(&lines, "/proc/self/uid_map");
    while (unsock_lines_next(&lines, &line)) {
        bool read = unsock_span_number(unsock_lines_word(&line), 10, UINT32_MAX, &first);
        unsock_lines_word(&line);
        read = read && unsock_span_number(unsock_lines_word(&line), 10, UINT32_MAX, &count);
        known |= read && first <= OVERFLOW_USER && OVERFLOW_USER - first < count;
    }
    known |= lines.fd < 0;
    unsock_lines_close(&lines);
    return known ? UINT64_MAX : OVERFLOW_USER;
}

/* In a user namespace that does not have root, what is root's shows itself so; in /tmp it would be anybody's. */
static bool is_known_owner(uint32_t owner, bool shared) {
    if (owner == 0 || (long)owner == unsock_sys(__NR_geteuid))
        return true;
    return !shared && owner == unknown_owner();
}

static void put_user(struct unsock_text *text, uint32_t uid) {
    struct unsock_lines lines;
    struct unsock_span line;
    uint64_t number;
    bool found = false;
    unsock_lines_open(&lines, "/etc/passwd");
    while (!found && unsock_lines_next(&lines, &line)) {
        struct unsock_span name = unsock_span_next(&line, ':');
        unsock_span_next(&line, ':');
        found = unsock_span_number(unsock_span_next(&line, ':'), 10, UINT32_MAX, &number) && number == uid;
        if (found)
            unsock_text_span(text, name);
    }
    unsock_lines_close(&lines);
    if (!found)
        unsock_text_number(text, uid, 10, 1);
}

/* Where the way has come to, and what of it is left. */
struct walk {
    char at[PATH_MOST];
    size_t length;
    char rest[2 * PATH_MOST];
    bool shared; /* everybody may make files where it lies */
    bool link;
    unsigned links;
    struct unsock_text *why;
};

/* Returns whether it is in good hands; false with `why`. What cannot be looked at cannot be loaded either. */
static bool check(struct walk *walk) {
    struct statx status;
    const char *at = walk->length > 0 ? walk->at : "/";
    walk->link = false;
    if (unsock_sys(__NR_statx, AT_FDCWD, at, NO_FOLLOW, STATX_BASIC_STATS, &status) < 0)
        return true;
    if (!is_known_owner(status.stx_uid, walk->shared)) {
        unsock_text_join(walk->why, at, " belongs to ");
        put_user(walk->why, status.stx_uid);
        return false;
    }
    unsigned type = status.stx_mode & UNSOCK_S_IFMT;
    walk->link = type == LINK;
    walk->shared = !walk->link && (status.stx_mode & OTHERS_WRITE) != 0;
    if (walk->link || (type == UNSOCK_S_IFDIR && (status.stx_mode & STICKY)))
        return true;
    if (status.stx_mode & OTHERS_WRITE)
        return say(walk->why, "everybody may write to ", at);
    /* By custom the group of the user's own number is his alone, and root's is root's. */
    bool own_group = status.stx_gid == 0 || (long)status.stx_gid == unsock_sys(__NR_geteuid);
    return !(status.stx_mode & GROUP_WRITES) || own_group || say(walk->why, "others may write to ", at);
}

static void go_up(struct walk *walk) {
    while (walk->length > 0 && walk->at[--walk->length] != '/')
        ;
    walk->at[walk->length] = '\0';
}

/* What the link leads to comes in front of the rest. */
static bool follow(struct walk *walk) {
    char whole[2 * PATH_MOST];
    struct unsock_text text;
    unsock_text_start(&text, whole, sizeof(whole));
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, walk->at, whole, PATH_MOST - 1);
    if (length <= 0 || ++walk->links > LINKS_MOST)
        return say(walk->why, "too many levels of symbolic links: ", walk->at);
    text.length = (size_t)length;
    whole[length] = '\0';
    unsock_text_join(&text, "/", walk->rest);
    if (text.cut)
        return say(walk->why, "the path is too long: ", walk->at);
    go_up(walk);
    if (whole[0] == '/')
        walk->length = 0;
    walk->at[walk->length] = '\0';
    memcpy(walk->rest, whole, text.length + 1);
    return true;
}

/* The next name of the rest, which is cut off. False at the end. */
static bool step(struct walk *walk, bool *cut) {
    struct unsock_span rest = unsock_span_of(walk->rest), name = {walk->rest, 0};
    while (rest.length > 0 && (name.length == 0 || unsock_span_is(name, ".")))
        name = unsock_span_next(&rest, '/');
    if (name.length == 0 || unsock_span_is(name, "."))
        return false;
    if (unsock_span_is(name, "..")) {
        walk->shared = false;
        go_up(walk);
    } else {
        struct unsock_text text = {walk->at, sizeof(walk->at), walk->length, false};
        unsock_text_char(&text, '/');
        unsock_text_span(&text, name);
        walk->length = text.length;
        *cut = text.cut;
    }
    memmove(walk->rest, rest.at, rest.length + 1);
    return true;
}

bool unsock_trust(const char *path, struct unsock_text *why) {
    struct walk walk = {.why = why};
    struct unsock_text text;
    bool cut = false;
    unsock_text_start(&text, walk.rest, sizeof(walk.rest));
    unsock_text_put(&text, path);
    do {
        if (text.cut || cut)
            return say(why, "the path is too long: ", path);
        if (!check(&walk) || (walk.link && !follow(&walk)))
            return false;
    } while (step(&walk, &cut));
    return true;
}
