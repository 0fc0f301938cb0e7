/* Read anew each time: what comes and goes is there at once, and nothing has to be told of it. */
#include "program/http.h"

#include "files/control_file.h"
#include "files/directory.h"
#include "process/exec.h"
#include "process/run_directory.h"
#include "rt/system_calls.h"

#define PRIVATE "private"

static int compare(const char *one, const char *other) {
    while (*one != '\0' && *one == *other) {
        one++;
        other++;
    }
    return (unsigned char)*one - (unsigned char)*other;
}

static void add(struct unsock_http_places *places, const char *name, const char *path) {
    unsigned at = places->count;
    struct unsock_http_place *list = places->list;
    if (at == UNSOCK_HTTP_PLACES_MOST || strlen(name) >= UNSOCK_HTTP_NAME_MOST ||
        strlen(path) >= UNSOCK_HTTP_PATH_MOST || unsock_http_places_find(places, unsock_span_of(name)))
        return;
    while (at > 0 && compare(list[at - 1].name, name) > 0)
        at--;
    memmove(&list[at + 1], &list[at], (places->count - at) * sizeof(*list));
    memcpy(list[at].name, name, strlen(name) + 1);
    memcpy(list[at].path, path, strlen(path) + 1);
    places->count++;
}

static bool put_path(char path[UNSOCK_RUN_PATH_MOST], const char *directory, const char *name) {
    struct unsock_text text;
    unsock_text_start(&text, path, UNSOCK_RUN_PATH_MOST);
    unsock_text_join(&text, directory, "/", name);
    return !text.cut;
}

/* Where a link leads to; what has gone is forgotten. */
static void add_named(struct unsock_http_places *places, const char *names, const char *name) {
    char link[UNSOCK_RUN_PATH_MOST], path[UNSOCK_RUN_PATH_MOST];
    if (!unsock_loopback_name_is(unsock_span_of(name)) || !put_path(link, names, name))
        return;
    long length = unsock_readlinkat(AT_FDCWD, link, path, sizeof(path) - 1);
    if (length <= 0)
        return;
    path[length] = '\0';
    if (unsock_faccessat(AT_FDCWD, path, 0) == -ENOENT)
        unsock_loopback_name_forget(names, name);
    else
        add(places, name, path);
}

static void add_all(struct unsock_http_places *places, const char *directory, bool are_links) {
    char path[UNSOCK_RUN_PATH_MOST];
    struct unsock_entries entries;
    enum unsock_entry_type type;
    unsock_entries_open(&entries, AT_FDCWD, directory);
    for (const char *name; (name = unsock_entries_next(&entries, &type));) {
        if (are_links)
            add_named(places, directory, name);
        else if (type == UNSOCK_ENTRY_DIRECTORY && name[0] != '.' && !unsock_span_is(unsock_span_of(name), PRIVATE) &&
                 put_path(path, directory, name))
            add(places, name, path);
    }
    unsock_entries_close(&entries);
}

static void add_base(struct unsock_http_places *places, const char *directory) {
    char path[UNSOCK_RUN_PATH_MOST];
    add(places, unsock_base_name(unsock_span_of(directory)).at, directory);
    add_all(places, directory, false);
    if (put_path(path, directory, PRIVATE))
        add_all(places, path, false);
}

void unsock_http_places_look(struct unsock_http_places *places) {
    char names[UNSOCK_RUN_PATH_MOST];
    places->count = 0;
    if (put_path(names, places->base, UNSOCK_LOOPBACK_NAMES))
        add_all(places, names, true);
    add_base(places, places->extra);
    add_base(places, places->base);
}

const struct unsock_http_place *unsock_http_places_find(const struct unsock_http_places *places,
                                                        struct unsock_span name) {
    for (unsigned i = 0; i < places->count; i++) {
        if (unsock_http_same(unsock_span_of(places->list[i].name), name))
            return &places->list[i];
    }
    return NULL;
}

static bool is_there(const char *directory, const struct unsock_directory_list_one *one) {
    char path[UNSOCK_RUN_PATH_MOST];
    bool is_port = one->what == UNSOCK_DIRECTORY_LIST_PORT || one->what == UNSOCK_DIRECTORY_LIST_PLAIN;
    if (one->key.type != SOCK_STREAM || !is_port || !put_path(path, directory, one->name))
        return false;
    return unsock_control_file_read(path, NULL) == 0 || unsock_prune(path, 0) != 1;
}

unsigned unsock_http_ports(const char *directory, uint16_t ports[UNSOCK_HTTP_PORTS_MOST]) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    unsigned count = 0;
    if (unsock_directory_list_open(&names, directory, 0) < 0)
        return 0;
    while (count < UNSOCK_HTTP_PORTS_MOST && unsock_directory_list_next(&names, &one)) {
        unsigned at = count;
        if (!is_there(directory, &one))
            continue;
        for (; at > 0 && ports[at - 1] > one.key.number; at--)
            ports[at] = ports[at - 1];
        ports[at] = one.key.number;
        count++;
    }
    unsock_directory_list_close(&names);
    return count;
}
