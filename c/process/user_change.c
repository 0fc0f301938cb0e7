/* Finds the user to which a command changes, and tries files with that user's rights. */
#include "process/start.h"

#include "process/exec.h"
#include "rt/system_calls.h"

#define NOBODY 65534
#define UNTRIED 255 /* no errno */
#define MAPS (-1)   /* instead of rights: reads and maps it */

/* The commands, and how each names the user: by an option with a value, or by the first word that is no option. */
static const struct {
    char name[18], option[8]; /* its long form; "": none */
    char letter;              /* of the same option; 0: none */
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
    if (text[1] != '-' && letter && text[1] == letter)
        return text[2] != '\0' ? text + 2 : word[1];
    if (text[1] != '-')
        return letter && size > 2 && text[size - 1] == letter ? word[1] : NULL;
    if (length == 0 || !unsock_begins(text + 2, name))
        return NULL;
    return text[length + 2] == '=' ? text + length + 3 : text[length + 2] == '\0' ? word[1] : NULL;
}

/* Returns the user that the words name; NULL: none. */
static const char *told_user(const char *const *argv, size_t changer) {
    bool by_word = changers[changer].by_word;
    for (const char *const *word = argv + 1; *word; word++) {
        const char *text = *word;
        if (text[0] != '-')
            return by_word ? text : NULL;
        const char *value = option_value(word, changers[changer].option, changers[changer].letter);
        if (value)
            return value;
        /* Options of su and runuser that have a value in the next word, like "-c COMMAND". */
        if (by_word && text[1] != '\0' && text[2] == '\0' && unsock_contains("csgGwC", text[1]) && word[1])
            word++;
    }
    return NULL;
}

static bool next_number(struct unsock_span *line, uint64_t *number) {
    return unsock_span_number(unsock_span_next(line, ':'), 10, UINT32_MAX, number);
}

/* Reads NAME or NAME:GROUP, and the user's line of /etc/passwd. False, with user nobody: neither a number nor there. */
static bool identify(const char *told, struct unsock_user *user) {
    struct unsock_lines lines;
    struct unsock_span line, rest = unsock_span_of(told);
    uint64_t number = UINT64_MAX, uid, gid;
    *user = (struct unsock_user){.uid = NOBODY, .group_count = 1, .groups = {NOBODY}};
    struct unsock_text text = unsock_text_in(user->name, sizeof(user->name));
    unsock_text_span(&text, unsock_span_next(&rest, ':'));
    bool known = unsock_span_number(unsock_span_of(user->name), 10, UINT32_MAX, &number), found = false;
    if (known)
        user->uid = user->groups[0] = (uint32_t)number;
    unsock_lines_open(&lines, "/etc/passwd");
    while (!found && unsock_lines_next(&lines, &line)) {
        struct unsock_span entry = unsock_span_next(&line, ':');
        unsock_span_next(&line, ':');
        found = next_number(&line, &uid) && next_number(&line, &gid) &&
                (uid == number || unsock_span_is(entry, user->name));
        if (!found)
            continue;
        unsock_text_start(&text, user->name, sizeof(user->name));
        unsock_text_span(&text, entry);
        user->uid = (uint32_t)uid;
        user->groups[0] = (uint32_t)gid;
    }
    unsock_lines_close(&lines);
    return known || found;
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
        bool is_listed = false;
        for (bool good = next_number(&line, &gid); good && !is_listed && line.length > 0;)
            is_listed = unsock_span_is(unsock_span_next(&line, ','), user->name);
        if (is_listed)
            user->groups[user->group_count++] = (uint32_t)gid;
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

/* Tries it in a child with the user's rights. Returns 0, the errno, or UNTRIED. */
static int try_as(const struct unsock_user *user, const char *path, int rights) {
    bool is_self = user->uid != 0 && unsock_geteuid() == (long)user->uid && unsock_getegid() == (long)user->groups[0];
    int status = 0;
    long child = unsock_clone(SIGCHLD, NULL);
    if (child == 0) {
        if (!is_self && !take_rights(user))
            unsock_exit(UNTRIED);
        long result = rights == MAPS ? unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)
                                     : unsock_faccessat(AT_FDCWD, path, rights);
        if (rights == MAPS && result >= 0)
            result = unsock_mmap(0, UNSOCK_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, (int)result, 0);
        unsock_exit(unsock_is_error(result) ? (int)-result : 0);
    }
    while (child > 0 && unsock_wait4(child, &status, 0, NULL) == -EINTR)
        ;
    return child > 0 && (status & 0x7f) == 0 ? status >> 8 & 0xff : UNTRIED;
}

bool unsock_user_may_load(const struct unsock_user *user, const char *library) {
    int status = try_as(user, library, MAPS);
    return status == 0 || status == UNTRIED;
}

long unsock_user_access(const struct unsock_user *user, const char *path, int rights) {
    int status = try_as(user, path, rights);
    return status == UNTRIED ? 1 : -status;
}
