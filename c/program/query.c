/*
 * Answers questions about this machine and about what `run` would do, in JSON. Only `prepare` and `prune` change
 * anything.
 */
#include "program/query.h"

#include "process/run_directory.h"
#include "process/start.h"
#include "program/run.h"
#include "rt/system_calls.h"
#include "rules/errno.h"
#include "trap/image.h"

#define ERROR_SIZE 16384
#define NOBODY 65534
#define FAILED 1
#define MISUSED 2

struct query {
    struct unsock_json json;
    struct unsock_run_options options;
    struct unsock_environment caller;
    const char *library;
    struct unsock_text error;
    uint64_t status; /* the exit status that `run` would have; 0: not that kind of error */
};

/* Each question, and what its value is called: one that begins with "=" is needed, one with "[" may be missing. */
#define QUESTIONS(QUESTION)                                                                                            \
    QUESTION(VERSION, "version", "")                                                                                   \
    QUESTION(CALLS, "calls", "")                                                                                       \
    QUESTION(SETTINGS, "settings", "")                                                                                 \
    QUESTION(DIRECTORY, "directory", "")                                                                               \
    QUESTION(RIGHTS, "rights", "")                                                                                     \
    QUESTION(PREPARE, "prepare", "")                                                                                   \
    QUESTION(HOLDS, "holds", "")                                                                                       \
    QUESTION(NAMES, "names", "[=PORT]")                                                                                \
    QUESTION(SOCKETS, "sockets", "")                                                                                   \
    QUESTION(STATE, "state", "=FILE")                                                                                  \
    QUESTION(PRUNE, "prune", "=FILE")                                                                                  \
    QUESTION(PORT, "port", "=PORT[@ADDR][/udp]")                                                                       \
    QUESTION(CLIENT, "client", "=PORT@ADDR[/udp]")                                                                     \
    QUESTION(ROUTE, "route", "=COMMAND")                                                                               \
    QUESTION(LIBRARY, "library", "=FILE")                                                                              \
    QUESTION(MAY_BIND, "may-bind", "")                                                                                 \
    QUESTION(REWRITING, "rewriting", "=FILE")                                                                          \
    QUESTION(MAY, "may", "=USER:GROUP:RIGHTS:FILE")

#define NUMBER(number, name, value) number,
enum number { QUESTIONS(NUMBER) COUNT };

#define ROW(number, name, value) {name, value},
static const struct {
    char name[16], value[24];
} questions[COUNT] = {QUESTIONS(ROW)};

static int put_usage(struct unsock_text *text) {
    for (unsigned i = 0; i < COUNT; i++)
        unsock_text_join(text, "  ", questions[i].name, questions[i].value, "\n");
    return -ENOTSUP;
}

static bool answer_calls(struct query *query) {
    const char *name;
    unsock_json_open(&query->json, "calls", '[');
    for (unsigned i = 0; (name = unsock_call_name(i)); i++)
        unsock_json_text(&query->json, NULL, name);
    unsock_json_close(&query->json, ']');
    return true;
}

static void write_directory(struct unsock_json *json, const struct unsock_run_directory *directory) {
    unsock_json_text(json, "path", directory->path);
    unsock_json_bool(json, "asked", directory->asked);
}

static bool choose_query_directory(struct query *query, struct unsock_run_directory *directory) {
    return unsock_setting_names_check(&query->caller, unsock_setting_name, &query->error) &&
           unsock_run_directory_choose(query->options.directory, &query->caller, directory, &query->error);
}

/* The library's part of the environment that a command would get. */
static void write_variables(struct unsock_json *json, const struct unsock_run_environment *made) {
    char name[64];
    unsock_json_open(json, "variables", '{');
    for (const char *const *string = made->list; *string; string++) {
        if (!unsock_begins(*string, "UNSOCK_") && !unsock_begins(*string, "LD_PRELOAD="))
            continue;
        struct unsock_span value = unsock_span_of(*string), span = unsock_span_next(&value, '=');
        struct unsock_text text = unsock_text_in(name, sizeof(name));
        unsock_text_span(&text, span);
        unsock_json_text(json, name, value.at);
    }
    unsock_json_close(json, '}');
}

/* Makes the environment that a command would get. unsock_settings is what the library would read there. */
static bool make_asked_environment(struct query *query, struct unsock_run_directory *directory,
                                   struct unsock_run_environment *made) {
    struct unsock_run_options options = query->options;
    const char *library = options.library ? options.library : query->library ? query->library : "/";
    options.given.table = query->options.given.table;
    if (!choose_query_directory(query, directory))
        return false;
    unsock_run_options_for_group(&options, &query->caller);
    return unsock_run_environment_make(&options, query->caller.list, directory->path, library, made, &query->error);
}

static bool answer_settings(struct query *query) {
    struct unsock_run_environment made = {.space = NULL};
    struct unsock_run_directory directory;
    bool good = make_asked_environment(query, &directory, &made);
    if (good) {
        write_directory(&query->json, &directory);
        write_variables(&query->json, &made);
    }
    unsock_exec_space_leave(made.space);
    return good;
}

/* Answers whether a client of this address, started by `run`, would be answered at the port, and by which file. */
static bool answer_client(struct query *query, const char *value) {
    struct unsock_run_environment made = {.space = NULL};
    struct unsock_run_directory directory;
    bool good = make_asked_environment(query, &directory, &made);
    unsock_exec_space_leave(made.space);
    return good && unsock_query_client(&query->json, directory.path, value, &query->error);
}

/* Where it is missing, only its place is checked. */
static bool answer_directory(struct query *query) {
    UNSOCK_TEXT(problem, ERROR_SIZE);
    struct unsock_run_directory directory;
    struct statx status;
    if (!choose_query_directory(query, &directory))
        return false;
    bool exists = unsock_statx(AT_FDCWD, directory.path, 0, STATX_TYPE, &status) == 0;
    bool good = exists ? unsock_run_directory_check(&directory, query->options.force, &problem)
                       : unsock_run_directory_check_place(&directory, query->options.force, &problem);
    write_directory(&query->json, &directory);
    unsock_json_bool(&query->json, "exists", exists);
    unsock_json_text(&query->json, "problem", good ? NULL : problem.buffer);
    return true;
}

static bool read_rights(struct query *query, struct unsock_directory_rights *rights) {
    return unsock_directory_rights_read(query->options.group, query->options.directory_mode, rights, &query->error);
}

static void write_number(struct query *query, const char *name, bool is_known, uint64_t number) {
    if (is_known)
        unsock_json_number(&query->json, name, number);
    else
        unsock_json_text(&query->json, name, NULL);
}

static bool answer_rights(struct query *query) {
    struct unsock_directory_rights rights;
    if (!read_rights(query, &rights))
        return false;
    unsock_json_bool(&query->json, "given", rights.given);
    write_number(query, "group", rights.name, rights.group);
    write_number(query, "mode", rights.given, rights.mode);
    return true;
}

/* Makes the directory where it is missing, as `run` does. */
static bool answer_prepare(struct query *query) {
    struct unsock_run_directory directory;
    struct unsock_directory_rights rights;
    bool made = false;
    if (!choose_query_directory(query, &directory) || !read_rights(query, &rights) ||
        !unsock_directory_rights_prepare(&directory, query->options.force, &rights, &made, &query->error))
        return false;
    write_directory(&query->json, &directory);
    unsock_json_bool(&query->json, "made", made);
    return true;
}

static bool answer_names(struct query *query, const char *value) {
    struct unsock_run_directory directory;
    return choose_query_directory(query, &directory) &&
           unsock_query_names(&query->json, directory.path, value, &query->error);
}

static void write_step(struct unsock_route *route, const struct unsock_route_step *step) {
    static const char doors[][8] = {"preload", "trap", "none", "script", "unknown"};
    struct unsock_json *json = route->context;
    unsock_json_open(json, NULL, '{');
    unsock_json_text(json, "door", doors[step->door]);
    unsock_json_text(json, "file", step->file);
    unsock_json_text(json, "why", step->why);
    unsock_json_close(json, '}');
}

static bool answer_route(struct query *query, const char *command) {
    char file[UNSOCK_ROUTE_PATH_MOST];
    struct unsock_route route = {.search = unsock_environment_get(&query->caller, "PATH"),
                                 .error = &query->error,
                                 .see = write_step,
                                 .context = &query->json};
    unsock_json_open(&query->json, "steps", '[');
    bool good = unsock_route_find(&route, command, file) && unsock_route_follow(&route, file);
    unsock_json_close(&query->json, ']');
    query->status = good ? 0 : (uint64_t)route.status;
    return good;
}

static bool answer_library(struct query *query, const char *path) {
    struct unsock_user nobody = {.uid = NOBODY, .group_count = 1, .groups = {NOBODY}};
    if (!unsock_proof_library(path, &query->error))
        return false;
    unsock_json_bool(&query->json, "everybody", unsock_user_may_load(&nobody, path));
    return true;
}

static bool answer_rewriting(struct query *query, const char *path) {
    long fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    long result = fd < 0 ? fd : unsock_patch_allowed(fd, UNSOCK_PAGE);
    unsock_close_open(fd);
    unsock_json_text(&query->json, "problem", result < 0 ? unsock_errno_words(-result) : NULL);
    return true;
}

static bool copy_part(struct unsock_span *rest, char *buffer, size_t size) {
    struct unsock_text text = unsock_text_in(buffer, size);
    unsock_text_span(&text, unsock_span_next(rest, ':'));
    return !text.cut;
}

/* An empty user is one who is nobody, "." this process, an empty group his own. */
static bool answer_may(struct query *query, const char *value) {
    char name[UNSOCK_USER_NAME_MOST];
    struct unsock_span rest = unsock_span_of(value);
    struct unsock_user user = {.uid = NOBODY, .group_count = 1, .groups = {NOBODY}};
    uint64_t group = UINT32_MAX, rights = 0;
    bool good = copy_part(&rest, name, sizeof(name));
    struct unsock_span digits = unsock_span_next(&rest, ':');
    good = good && (digits.length == 0 || unsock_span_number(digits, 10, UINT32_MAX - 1, &group));
    good = good && unsock_span_number(unsock_span_next(&rest, ':'), 8, 7, &rights) && rest.length > 0;
    if (!good)
        return unsock_text_fail(&query->error, "may: not USER:GROUP:RIGHTS:FILE, with a group's number and 1 to 7");
    bool is_self = name[0] == '.' && name[1] == '\0';
    bool is_known = name[0] == '\0' || is_self || unsock_user_named(name, &user);
    if (digits.length > 0)
        user.groups[0] = (uint32_t)group;
    long result = is_self    ? unsock_faccessat2(AT_FDCWD, rest.at, (int)rights, AT_EACCESS)
                  : is_known ? unsock_user_access(&user, rest.at, (int)rights)
                             : 1;
    unsock_json_bool(&query->json, "known", result <= 0);
    unsock_json_number(&query->json, "errno", result < 0 ? (uint64_t)-result : 0);
    return true;
}

static bool answer_question(struct query *query, unsigned number, const char *value) {
    struct unsock_run_directory directory;
    switch ((enum number)number) {
    case VERSION:
        unsock_json_text(&query->json, "version", UNSOCK_VERSION);
        return true;
    case CALLS:
        return answer_calls(query);
    case SETTINGS:
        return answer_settings(query);
    case DIRECTORY:
        return answer_directory(query);
    case RIGHTS:
        return answer_rights(query);
    case PREPARE:
        return answer_prepare(query);
    case HOLDS:
        return choose_query_directory(query, &directory) &&
               unsock_run_directory_check_sockets(&directory, true, &query->error);
    case NAMES:
        return answer_names(query, value);
    case SOCKETS:
        return unsock_query_sockets(&query->json);
    case STATE:
        return unsock_query_state(&query->json, value);
    case PRUNE:
        unsock_json_bool(&query->json, "removed", unsock_prune(value, 1) == 1);
        return true;
    case PORT:
        return unsock_query_port(&query->json, value, &query->error);
    case CLIENT:
        return answer_client(query, value);
    case ROUTE:
        return answer_route(query, value);
    case LIBRARY:
        return answer_library(query, value);
    case MAY_BIND:
        return unsock_sockets_allowed(&query->error);
    case REWRITING:
        return answer_rewriting(query, value);
    case MAY:
        return answer_may(query, value);
    case COUNT:
        break;
    }
    return false;
}

/* Finds the question and where its value begins: NULL without "=". Returns COUNT with one line in `error`. */
static unsigned find_question(const char *word, const char **value, struct unsock_text *error) {
    struct unsock_span rest = unsock_span_of(word), name = unsock_span_next(&rest, '=');
    *value = rest.at == name.at + name.length ? NULL : rest.at;
    unsigned number = 0;
    while (number < COUNT && !unsock_span_is(name, questions[number].name))
        number++;
    if (number == COUNT) {
        unsock_text_join(error, "query: unknown question '", word, "': --help lists what there is");
    } else if (questions[number].value[0] == (*value ? '\0' : '=')) {
        unsock_text_join(error, "query: ", questions[number].name, *value ? ": takes no value" : ": write ",
                         *value ? "" : questions[number].name, *value ? "" : questions[number].value);
        number = COUNT;
    }
    return number;
}

/* One line: an object with the question, and either the answer or why there is none. */
static bool answer_line(struct query *query, const char *word) {
    char line[ERROR_SIZE];
    const char *value;
    query->error = unsock_text_in(line, sizeof(line));
    query->status = 0;
    query->json.follows = false;
    unsigned number = find_question(word, &value, &query->error);
    unsock_json_open(&query->json, NULL, '{');
    unsock_json_text(&query->json, "question", word);
    bool good = answer_question(query, number, value);
    if (!good)
        unsock_json_text(&query->json, "error", line);
    if (query->status > 0)
        unsock_json_number(&query->json, "status", query->status);
    unsock_json_close(&query->json, '}');
    unsock_printer_char(&query->json.printer, '\n');
    return good;
}

int unsock_query(const char *const *words, const char *const *environment, const char *library,
                 struct unsock_text *error) {
    struct query query = {.caller = {.list = environment}, .library = library};
    const char *value;
    bool good = true;
    if (!unsock_run_options_read(words, &query.options, error))
        return MISUSED;
    if (query.options.given.help)
        return put_usage(error);
    const char *const *list = query.options.given.command;
    if (!*list)
        return unsock_text_put(error, "query: QUESTION is missing: --help lists what there is"), MISUSED;
    for (const char *const *word = list; *word; word++) {
        if (find_question(*word, &value, error) == COUNT)
            return MISUSED;
    }
    for (const char *const *word = list; *word; word++)
        good = answer_line(&query, *word) && good;
    return unsock_output_status(unsock_printer_end(&query.json.printer), good ? 0 : FAILED, FAILED, error);
}
