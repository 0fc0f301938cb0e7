/* All of the port's names count: one that answers is enough. */
#include "program/answers.h"

#include "files/control_file.h"
#include "files/directory_list.h"
#include "program/answers_target.h"
#include "program/answers_unix.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/port_entry.h"

static void ask_file(const char *directory, const char *name, int type, int64_t most, struct unsock_answers *answers) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_control_file control;
    struct unsock_text text;
    struct statx status;
    unsock_text_start(&text, path.sun_path, sizeof(path.sun_path));
    unsock_text_join(&text, directory, "/", name);
    answers->answer = UNSOCK_ANSWER_NOBODY;
    answers->by = UNSOCK_ANSWER_BY_DIRECTORY;
    if (text.cut || unsock_statx(AT_FDCWD, path.sun_path, 0, STATX_TYPE, &status) < 0)
        return;
    uint32_t length = (uint32_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
    if ((status.stx_mode & S_IFMT) == S_IFSOCK)
        answers->answer = unsock_answers_unix(&path, length, type);
    else if (unsock_control_file_read(path.sun_path, &control) == 0)
        unsock_answers_target(&control, type, most, answers);
}

static bool serves(const struct unsock_directory_list_one *one, const struct unsock_port_words *port) {
    struct unsock_ip ip;
    bool v6only;
    if (!port->has_address || one->what == UNSOCK_DIRECTORY_LIST_PLAIN ||
        !unsock_port_entry_ip(&one->entry, &ip, &v6only))
        return true;
    if (unsock_ip_is_wildcard(&ip))
        return ip.family == port->ip.family || (ip.family == AF_INET6 && !v6only);
    return unsock_ip_same_address(&ip, &port->ip);
}

static bool is_asked(const struct unsock_directory_list_one *one, const struct unsock_port_words *port) {
    bool is_file = one->what == UNSOCK_DIRECTORY_LIST_PLAIN || one->what == UNSOCK_DIRECTORY_LIST_FIRST ||
                   one->what == UNSOCK_DIRECTORY_LIST_LISTED || one->what == UNSOCK_DIRECTORY_LIST_WAITING ||
                   one->what == UNSOCK_DIRECTORY_LIST_UNLISTED;
    return is_file && one->key.type == port->type && serves(one, port);
}

long unsock_answers_at(const char *directory, const struct unsock_port_words *port, int64_t most,
                       struct unsock_answers *answers) {
    struct unsock_answers found;
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    *answers = (struct unsock_answers){UNSOCK_ANSWER_NOBODY, UNSOCK_ANSWER_BY_DIRECTORY};
    long result = unsock_directory_list_open(&names, directory, port->ip.port);
    if (result < 0)
        return result == -ENOENT ? 0 : result;
    while (answers->answer != UNSOCK_ANSWER_READY && unsock_directory_list_next(&names, &one)) {
        if (!is_asked(&one, port))
            continue;
        ask_file(directory, one.name, port->type, most, &found);
        answers->answer = found.answer > answers->answer ? found.answer : answers->answer;
        answers->by = found.by > answers->by ? found.by : answers->by;
    }
    result = names.entries.fd < 0 ? names.entries.fd : 0;
    unsock_directory_list_close(&names);
    return result;
}
