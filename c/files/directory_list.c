/* Lists the names in a directory of socket files, each with its kind. */
#include "files/directory.h"

#include "files/port.h"

long unsock_directory_list_open(struct unsock_directory_list *names, const char *directory, uint16_t only) {
    UNSOCK_TEXT(path, UNSOCK_DIR_MOST + sizeof("/."));
    *names = (struct unsock_directory_list){.only = only};
    if (!unsock_directory_visit_begin(&names->visit, directory, strlen(directory)))
        return -EINVAL;
    unsock_text_join(&path, directory, "/."); /* unsock_entries_open refuses a link as the last part */
    unsock_entries_open(&names->entries, AT_FDCWD, path.buffer);
    names->port = unsock_port_borrow();
    long result = names->entries.fd < 0 ? names->entries.fd : names->port ? 0 : -ENOBUFS;
    if (names->port)
        names->port->key = (struct unsock_port_key){.number = 0}; /* forgets the port of an earlier borrower */
    if (result < 0)
        unsock_directory_list_close(names);
    return result;
}

void unsock_directory_list_close(struct unsock_directory_list *names) {
    unsock_entries_close(&names->entries);
    unsock_port_return(names->port);
    names->port = NULL;
    unsock_directory_visit_end(&names->visit);
}

/* Reads the entry's port, unless the previous name was of the same port. */
static void read_listed_port(struct unsock_port *port, const struct unsock_port_entry *entry) {
    struct unsock_port_key key = unsock_port_key_of(entry);
    if (port->key.number != key.number || port->key.type != key.type)
        unsock_port_read(port, key, NULL);
}

static enum unsock_directory_list_what what_socket(const struct unsock_port *port,
                                                   const struct unsock_port_entry *entry) {
    bool ours = port->holder == UNSOCK_PORT_OURS;
    if (ours && unsock_port_same(&port->first, entry))
        return UNSOCK_DIRECTORY_LIST_FIRST;
    return ours && unsock_port_find(port, entry) >= 0 ? UNSOCK_DIRECTORY_LIST_LISTED : UNSOCK_DIRECTORY_LIST_UNLISTED;
}

static void classify(struct unsock_port *port, enum unsock_file_kind kind, struct unsock_directory_list_one *one) {
    switch (kind) {
    case UNSOCK_FILE_SOCKET:
        read_listed_port(port, &one->entry);
        one->what = what_socket(port, &one->entry);
        break;
    case UNSOCK_FILE_PORT:
        read_listed_port(port, &one->entry);
        one->what = port->holder == UNSOCK_PORT_OURS ? UNSOCK_DIRECTORY_LIST_PORT : UNSOCK_DIRECTORY_LIST_PLAIN;
        if (port->holder == UNSOCK_PORT_OURS)
            one->entry = port->first;
        break;
    case UNSOCK_FILE_RECORD:
        one->what = UNSOCK_DIRECTORY_LIST_RECORD;
        break;
    case UNSOCK_FILE_NEXT:
        one->what = UNSOCK_DIRECTORY_LIST_NEXT;
        break;
    default:
        one->what = UNSOCK_DIRECTORY_LIST_INNER;
    }
}

bool unsock_directory_list_next(struct unsock_directory_list *names, struct unsock_directory_list_one *one) {
    enum unsock_entry_type type;
    while ((one->name = unsock_entries_next(&names->entries, &type)) != NULL) {
        enum unsock_file_kind kind = unsock_file_name_read(unsock_span_of(one->name), &one->entry);
        if (kind == UNSOCK_FILE_NONE || (names->only != 0 && one->entry.ip.port != names->only))
            continue;
        classify(names->port, kind, one);
        return true;
    }
    return false;
}
