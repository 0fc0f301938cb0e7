/* Finds the user to which a command changes, and tries files with that user's rights. */
#include "process/start.h"

#include "process/exec.h"
#include "rt/system_calls.h"

#define NOBODY 65534
#define LOADS 0
#define LACKS 1
#define UNTRIED 255 /* no errno */
#define NAME_ROOM 24

/* The commands, and how each names the user: by an option with a value, or by the first word that is no option. */
static const struct {
    char name[NAME_ROOM];
    char option[NAME_ROOM]; /* "" : none */
    char letter;            /* the option's letter; 0: none */
    bool by_word;
} changers[] = {
    {"chpst", "", 'u', false},     {"doas", "", 'u', false},
    {"gosu", "", 0, true},         {"runuser", "user", 'u', true},
    {"s6-setuidgid", "", 0, true}, {"setpriv", "reuid", 0, false},
    {"setuidgid", "", 0, true},    {"start-stop-daemon", "chuid", 'c', false},
    {"su", "", 0, true},           {"su-exec", "", 0, true},
    {"sudo", "user", 'u', false},
};

/* Returns the option's value, written "--NAME=VALUE", "--NAME VALUE", "-L VALUE", "-XL VALUE" or
 * "-LVALUE"; else NULL. */
static const char *option_value(const char *const *word, const char *name, char letter) {
    const char *text = *word;
    size_t size = strlen(text), length = strlen(name);
    if (letter && text[0] == '-' && text[1] == letter)
        return text[2] != '\0' ? text + 2 : word[1];
    if (letter && size > 2 && text[0] == '-' && text[1] != '-' && text[size - 1] == letter)
        return word[1];
    if (length == 0 || text[0] != '-' || text[1] != '-' || strlen(text) < length + 2 ||
        !unsock_same(text + 2, name, length))
        return NULL;
    return text[length + 2] == '=' ? text + length + 3 : text[length + 2] == '\0' ? word[1] : NULL;
}

/* True for options of su and runuser that have a value in the next word, like "-c COMMAND". */
static bool takes_next(const char *text) {
    static const char letters[] = "csgGwC";
    if (text[0] != '-' || text[1] == '\0' || text[2] != '\0')
        return false;
    for (const char *letter = letters; *letter != '\0'; letter++) {
        if (text[1] == *letter)
            return true;
    }
    return false;
}

/* Returns the user that the words name; NULL: none. */
static const char *told_user(const char *const *argv, size_t changer) {
    for (const char *const *word = argv + 1; *word; word++) {
        const char *value = option_value(word, changers[changer].option, changers[changer].letter);
        if (value)
            return value;
        if ((*word)[0] != '-')
            return changers[changer].by_word ? *word : NULL;
        if (changers[changer].by_word && takes_next(*word) && word[1])
            word++;
    }
    return NULL;
}

/* Reads NAME or NAME:GROUP, and the user's line of /etc/passwd. False, with user nobody: neither a number nor there. */
static bool identify(const char *told, struct unsock_user *user) {
    struct unsock_lines lines;
    struct unsock_span line, rest = unsock_span_of(told);
    struct unsock_span name = unsock_span_next(&rest, ':');
    struct unsock_text text;
    uint64_t number = UINT64_MAX, uid, gid;
    unsock_text_start(&text, user->name, sizeof(user->name));
    unsock_text_span(&text, name);
    *user = (struct unsock_user){.uid = NOBODY, .group_count = 1, .groups = {NOBODY}};
    unsock_text_start(&text, user->name, sizeof(user->name));
    unsock_text_span(&text, name);
    bool known = unsock_span_number(name, 10, UINT32_MAX, &number);
    if (known) {
        user->uid = (uint32_t)number;
        user->groups[0] = (uint32_t)number;
    }
    unsock_lines_open(&lines, "/etc/passwd");
    while (unsock_lines_next(&lines, &line)) {
        struct unsock_span entry = unsock_span_next(&line, ':');
        unsock_span_next(&line, ':');
        if (!unsock_span_number(unsock_span_next(&line, ':'), 10, UINT32_MAX, &uid) ||
            !unsock_span_number(unsock_span_next(&line, ':'), 10, UINT32_MAX, &gid))
            continue;
        if (uid != number && (entry.length != name.length || !unsock_same(entry.at, name.at, name.length)))
            continue;
        unsock_text_start(&text, user->name, sizeof(user->name));
        unsock_text_span(&text, entry);
        user->uid = (uint32_t)uid;
        user->groups[0] = (uint32_t)gid;
        known = true;
        break;
    }
    unsock_lines_close(&lines);
    return known;
}

/* Adds the groups of /etc/group that list the user. */
static void add_groups(struct unsock_user *user) {
    struct unsock_lines lines;
    struct unsock_span line;
    uint64_t gid;
    unsock_lines_open(&lines, "/etc/group");
    while (unsock_lines_next(&lines, &line) && user->group_count < UNSOCK_USER_GROUPS_MOST) {
        unsock_span_next(&line, ':');
        unsock_span_next(&line, ':');
        if (!unsock_span_number(unsock_span_next(&line, ':'), 10, UINT32_MAX, &gid))
            continue;
        while (line.length > 0) {
            if (unsock_span_is(unsock_span_next(&line, ','), user->name)) {
                user->groups[user->group_count++] = (uint32_t)gid;
                break;
            }
        }
    }
    unsock_lines_close(&lines);
}

bool unsock_user_named(const char *told, struct unsock_user *user) {
    bool known = identify(told, user);
    add_groups(user);
    return known;
}

bool unsock_user_change(const char *file, const char *const *argv, struct unsock_user *user) {
    struct unsock_span name = unsock_base_name(unsock_span_of(file));
    if (unsock_geteuid() != 0)
        return false;
    for (size_t i = 0; i < sizeof(changers) / sizeof(changers[0]); i++) {
        if (!unsock_span_is(name, changers[i].name))
            continue;
        const char *told = told_user(argv, i);
        if (!told)
            return false; /* no user is named: it stays root */
        unsock_user_named(told, user);
        return user->uid != 0;
    }
    return false;
}

static bool take_rights(const struct unsock_user *user) {
    return unsock_setgroups(user->group_count, user->groups) >= 0 &&
           unsock_setresgid(user->groups[0], user->groups[0], user->groups[0]) >= 0 &&
           unsock_setresuid(user->uid, user->uid, user->uid) >= 0;
}

/* Maps the library with the user's rights, in a child that ends here. If the child cannot take on these rights, nothing
 * is known, and it reports success. */
__attribute__((noreturn)) static void try_it(const struct unsock_user *user, const char *library) {
    if (!take_rights(user))
        unsock_exit(LOADS);
    long fd = unsock_openat(AT_FDCWD, library, O_RDONLY | O_CLOEXEC, 0);
    long memory = fd < 0 ? fd : unsock_mmap(0, UNSOCK_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    unsock_exit(unsock_is_error(memory) ? LACKS : LOADS);
}

/* Returns the child's exit status; -1 if there is no child or a signal ended it. */
static int wait_for_child(long child) {
    int status = 0;
    if (child < 0)
        return -1;
    while (unsock_wait4(child, &status, 0, NULL) == -EINTR)
        ;
    return (status & 0x7f) == 0 ? (status >> 8) & 0xff : -1;
}

bool unsock_user_may_load(const struct unsock_user *user, const char *library) {
    long child = unsock_clone(SIGCHLD, NULL);
    if (child == 0)
        try_it(user, library);
    return wait_for_child(child) != LACKS;
}

long unsock_user_access(const struct unsock_user *user, const char *path, int rights) {
    bool is_self = user->uid != 0 && unsock_geteuid() == (long)user->uid && unsock_getegid() == (long)user->groups[0];
    long child = unsock_clone(SIGCHLD, NULL);
    if (child == 0) {
        if (!is_self && !take_rights(user))
            unsock_exit(UNTRIED);
        unsock_exit((int)-unsock_faccessat(AT_FDCWD, path, rights));
    }
    int status = wait_for_child(child);
    return status < 0 || status == UNTRIED ? 1 : -status;
}
