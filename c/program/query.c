/* The command `query`: answers questions about this machine and about what `run` would do, in JSON. Only the questions
 * `prepare` and `prune` make lasting changes. The owner of a socket in the directory notices no question. */
#include "program/run.h"

#include "process/start.h"
#include "rt/system_calls.h"
#include "rules/errno.h"
#include "trap/image.h"

#define ERROR_SIZE 16384
#define WHY_MOST 256
#define CONNECTION_MOST_MS 500 /* to a control file's target */

/* The questions. Each has a name; a value ("=" before a required one, "[" before an optional one, "" for none); and a
 * function that writes the members of the answer, or returns false with one line in the error. */
#define QUESTIONS(QUESTION)                                                                                            \
    QUESTION("version", "", (unsock_json_text("version", UNSOCK_VERSION), true))                                       \
    QUESTION("calls", "", answer_calls())                                                                              \
    QUESTION("settings", "", answer_settings(query))                                                                   \
    QUESTION("directory", "", answer_directory(query))                                                                 \
    QUESTION("rights", "", answer_rights(query))                                                                       \
    QUESTION("prepare", "", answer_prepare(query))                                                                     \
    QUESTION("holds", "",                                                                                              \
             choose_asked_directory(query) &&                                                                          \
                 unsock_run_directory_check_sockets(&query->directory, true, &query->error))                           \
    QUESTION("names", "[=PORT]", answer_names(query))                                                                  \
    QUESTION("sockets", "", unsock_query_sockets())                                                                    \
    QUESTION("state", "=FILE", unsock_query_state("", "", query->value))                                               \
    QUESTION("prune", "=FILE", (unsock_json_bool("removed", unsock_prune(query->value, 1) == 1), true))                \
    QUESTION("port", "=PORT[@ADDR][/udp]", unsock_query_port(query->value, &query->error))                             \
    QUESTION("client", "=PORT@ADDR[/udp]", answer_client(query))                                                       \
    QUESTION("route", "=COMMAND", answer_route(query))                                                                 \
    QUESTION("library", "=FILE", unsock_proof_library(query->value, &query->error))                                    \
    QUESTION("may-bind", "", unsock_sockets_allowed(&query->error))                                                    \
    QUESTION("profile", "=FILE", answer_profile(query))                                                                \
    QUESTION("rewriting", "=FILE", answer_rewriting(query))                                                            \
    QUESTION("may", "=RIGHTS:FILE", answer_may(query))

#define ROW(name, value, answer) {name, value},
static const struct {
    char name[16], value[24];
} questions[] = {QUESTIONS(ROW)};
#define COUNT (sizeof(questions) / sizeof(questions[0]))

struct query {
    const struct unsock_command_call *call;
    const char *value; /* the text after the question's "="; NULL: there is no "=" */
    struct unsock_text error;
    uint64_t status; /* the exit status that `run` would have; 0: not known */
    struct unsock_run_directory directory;
    struct unsock_run_environment made; /* a command's environment; answer_line releases its memory */
};

static const char *option_of_query(const struct query *query, const char *flag) {
    return unsock_options_value(query->call->options, flag);
}

static bool choose_asked_directory(struct query *query) {
    const char *const *caller = query->call->environment;
    return unsock_setting_names_check(caller, &query->error) &&
           unsock_choose_directory(query->call, &query->directory, &query->error);
}

/* Chooses the directory, makes the environment that a command would get, and reads unsock_settings from it. */
static bool choose_asked_settings(struct query *query) {
    const char *library = option_of_query(query, "--lib");
    if (!library)
        library = query->call->library ? query->call->library : "/";
    return choose_asked_directory(query) &&
           unsock_run_environment_make(query->call->options, option_of_query(query, "--force"),
                                       query->call->environment, query->directory.path, library, &query->made,
                                       &query->error);
}

static bool answer_calls(void) {
    const char *name;
    unsock_json_open("calls", '[');
    for (unsigned i = 0; (name = unsock_call_name(i)); i++)
        unsock_json_text(NULL, name);
    unsock_json_close(']');
    return true;
}

static void write_directory(const struct query *query) {
    unsock_json_text("path", query->directory.path);
    unsock_json_bool("asked", query->directory.asked);
}

/* Writes those variables of a command's environment that are the library's. */
static bool answer_settings(struct query *query) {
    if (!choose_asked_settings(query))
        return false;
    write_directory(query);
    unsock_json_open("variables", '{');
    for (const char *const *string = query->made.list; *string; string++) {
        UNSOCK_TEXT(name, 64);
        struct unsock_span value = unsock_span_of(*string);
        unsock_text_span(&name, unsock_span_next(&value, '='));
        if (unsock_begins(*string, "UNSOCK_") || unsock_begins(*string, "LD_PRELOAD="))
            unsock_json_text(name.buffer, value.at);
    }
    unsock_json_close('}');
    return true;
}

/* Checks the directory; if it does not exist, checks only the directories above it. */
static bool answer_directory(struct query *query) {
    UNSOCK_TEXT(problem, ERROR_SIZE);
    if (!choose_asked_directory(query))
        return false;
    bool exists = unsock_faccessat(AT_FDCWD, query->directory.path, 0) == 0;
    bool good = (exists ? unsock_run_directory_check : unsock_run_directory_check_place)(
        &query->directory, option_of_query(query, "--force"), &problem);
    write_directory(query);
    unsock_json_bool("exists", exists);
    unsock_json_text("problem", good ? NULL : problem.buffer);
    return true;
}

static bool read_rights(struct query *query, struct unsock_directory_rights *rights) {
    return unsock_directory_rights_read(option_of_query(query, "--group"), option_of_query(query, "--dir-mode"), rights,
                                        &query->error);
}

static bool answer_rights(struct query *query) {
    struct unsock_directory_rights rights;
    if (!read_rights(query, &rights))
        return false;
    unsock_json_bool("given", rights.given);
    unsock_json_maybe("group", rights.name, rights.group);
    unsock_json_maybe("mode", rights.given, rights.mode);
    return true;
}

static bool answer_prepare(struct query *query) {
    struct unsock_directory_rights rights;
    bool made = false;
    if (!choose_asked_directory(query) || !read_rights(query, &rights) ||
        !unsock_directory_rights_prepare(&query->directory, option_of_query(query, "--force"), &rights, &made,
                                         &query->error))
        return false;
    write_directory(query);
    unsock_json_bool("made", made);
    return true;
}

static void write_step(struct unsock_route *route, const struct unsock_route_step *step) {
    static const char doors[][8] = {"preload", "trap", "none", "script", "unknown"};
    (void)route;
    unsock_json_open(NULL, '{');
    unsock_json_text("door", doors[step->door]);
    unsock_json_text("file", step->file);
    unsock_json_text("why", step->why);
    unsock_json_close('}');
}

static bool answer_route(struct query *query) {
    char file[UNSOCK_PATH_MOST];
    struct unsock_route route = {
        .search = unsock_search_path(query->call->environment), .error = &query->error, .see = write_step};
    unsock_json_open("steps", '[');
    bool good = unsock_route_find(&route, query->value, file) && unsock_route_follow(&route, file);
    unsock_json_close(']');
    query->status = good ? 0 : (uint64_t)route.status;
    return good;
}

/* Called in a child process under the AppArmor profile of the program that the question names. True if a socket can be
 * bound in the directory, or if the directory does not exist yet. */
static bool can_bind(const void *context) {
    const struct unsock_run_directory *directory = context;
    UNSOCK_TEXT(why, WHY_MOST);
    return unsock_faccessat(AT_FDCWD, directory->path, 0) == -ENOENT ||
           unsock_run_directory_check_sockets(directory, true, &why);
}

/* Reports the AppArmor profile or SELinux context that would confine the program, and what it allows. */
static bool answer_profile(struct query *query) {
    static const char answers[][12] = {"none", "fits", "shut", "unmapped", "ignored"};
    struct unsock_exec exec = {.directory = AT_FDCWD, .path = query->value};
    struct unsock_confinement_question question = {&exec, query->call->library, can_bind, &query->directory};
    UNSOCK_TEXT(profile, UNSOCK_PROFILE_MOST);
    if (!choose_asked_directory(query))
        return false;
    unsock_json_text("answer", answers[unsock_confinement_ask(&question, &profile)]);
    unsock_json_text("profile", profile.buffer);
    write_directory(query);
    return true;
}

static bool answer_rewriting(struct query *query) {
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, query->value, O_RDONLY | O_CLOEXEC, 0);
    long result = fd < 0 ? fd : unsock_patch_allowed(fd, UNSOCK_PAGE);
    unsock_json_text("problem", result < 0 ? unsock_errno_words(-result) : NULL);
    return true;
}

static bool answer_may(struct query *query) {
    struct unsock_span rest = unsock_span_of(query->value), bits = unsock_span_next(&rest, ':');
    uint64_t rights = 0;
    if (!unsock_span_number(bits, 8, 7, &rights) || rest.length == 0)
        return unsock_text_fail(&query->error, "may: not RIGHTS:FILE, with 1 to 7");
    long result = unsock_faccessat2(AT_FDCWD, rest.at, (int)rights, AT_EACCESS);
    unsock_json_number("errno", result < 0 ? (uint64_t)-result : 0);
    return true;
}

static bool answer_names(struct query *query) {
    uint64_t port = 0;
    if (!choose_asked_directory(query))
        return false;
    if (query->value && !unsock_span_number(unsock_span_of(query->value), 10, UINT16_MAX, &port))
        return unsock_text_refuse(&query->error, "names", "not a port", query->value);
    long result = unsock_query_names(query->directory.path, (uint16_t)port);
    return result == 0 ||
           unsock_text_fail(&query->error, "directory ", query->directory.path, ": ", unsock_errno_words(-result));
}

static bool answer_client(struct query *query) {
    static const char answers[][8] = {
        [UNSOCK_ANSWER_NOBODY] = "nobody", [UNSOCK_ANSWER_SOON] = "soon", [UNSOCK_ANSWER_READY] = "ready"};
    struct unsock_port_words port;
    struct unsock_answers found;
    if (!choose_asked_settings(query) || !unsock_port_words_read(query->value, &port, &query->error))
        return false;
    if (!port.has_address)
        return unsock_text_fail(&query->error, "client: an address is missing: \"", query->value,
                                "\": write PORT@ADDR");
    bool covered = unsock_address_covered(&port.ip);
    long result = unsock_answers_at(query->directory.path, &port, CONNECTION_MOST_MS, &found);
    unsock_json_text("covered", covered ? "yes" : unsock_address_covered_at(&port.ip, 0) ? "port" : "address");
    unsock_json_text("file", found.path.sun_path);
    unsock_json_text("answer", answers[found.answer]);
    unsock_json_number("errno", result < 0 ? (uint64_t)-result : 0);
    return true;
}

/* Returns the question's number, and in `value` the text after "=" (NULL: no "="). Returns COUNT with one line in
 * `error` if the question is unknown or its value wrong. */
static unsigned find_question(const char *word, const char **value, struct unsock_text *error) {
    struct unsock_span rest = unsock_span_of(word), name = unsock_span_next(&rest, '=');
    *value = rest.at == name.at + name.length ? NULL : rest.at;
    unsigned number = 0;
    while (number < COUNT && !unsock_span_is(name, questions[number].name))
        number++;
    if (number == COUNT)
        unsock_text_join(error, "query: unknown question '", word, "': --help lists what there is");
    else if (questions[number].value[0] != (*value ? '\0' : '='))
        return number;
    else
        unsock_text_join(error, "query: ", questions[number].name, *value ? ": takes no value" : ": write ",
                         *value ? "" : questions[number].name, *value ? "" : questions[number].value);
    return COUNT;
}

#define ANSWER(name, value, answer)                                                                                    \
    if (number-- == 0)                                                                                                 \
        return answer;

static bool answer_question(struct query *query, unsigned number) {
    QUESTIONS(ANSWER)
    return false;
}

/* Prints one line: an object with the question, and its answer or error. */
static bool answer_line(struct query *query, const char *word) {
    char line[ERROR_SIZE];
    query->error = unsock_text_in(line, sizeof(line));
    query->status = 0;
    query->made.space = NULL;
    unsigned number = find_question(word, &query->value, &query->error);
    unsock_json_open(NULL, '{');
    unsock_json_text("question", word);
    bool good = answer_question(query, number);
    unsock_exec_space_leave(query->made.space);
    if (!good)
        unsock_json_text("error", line);
    if (query->status > 0)
        unsock_json_number("status", query->status);
    unsock_json_close('}');
    unsock_json_line();
    return good;
}

int unsock_query_start(const struct unsock_command_call *call) {
    struct query query = {.call = call};
    const char *const *list = call->options->command;
    bool good = true;
    if (call->options->help) {
        unsock_print("libunsock.so query [options of run] QUESTION...\n\n");
        for (unsigned i = 0; i < COUNT; i++)
            unsock_print("  ", questions[i].name, questions[i].value, "\n");
        return unsock_print_end(0, UNSOCK_COMMAND_FAILED, call->error);
    }
    if (!*list)
        unsock_text_put(call->error, "query: QUESTION is missing: --help lists what there is");
    for (const char *const *word = list; *word; word++)
        if (find_question(*word, &query.value, call->error) == COUNT)
            break;
    if (call->error->length > 0)
        return UNSOCK_COMMAND_USAGE;
    for (const char *const *word = list; *word; word++)
        good = answer_line(&query, *word) && good;
    return unsock_print_end(good ? 0 : UNSOCK_COMMAND_FAILED, UNSOCK_COMMAND_FAILED, call->error);
}
