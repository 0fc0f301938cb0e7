/* Removing what is left over in a whole directory of socket files, port by port. */
#include "files/directory_list.h"
#include "files/port.h"
#include "files/prune.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/text.h"
#include "rules/address.h"
#include "rules/port_name.h"
#include "rules/port_record.h"
#include "rules/settings.h"

struct pruning {
    const struct unsock_prune_seer *seer;
    bool remove;
    long probe;
};

static void tell(const struct pruning *pruning, const char *path, long result) {
    const char *name = path + strlen(path);
    while (name[-1] != '/')
        name--;
    if (result != 0)
        pruning->seer->see(pruning->seer->context, name, result);
}

/* One that has gone with another one of its port is not there any more. */
static long prune_socket(const struct pruning *pruning, const char *path) {
    long result = unsock_prune(path, pruning->remove);
    return result == 0 && unsock_file_inode(path) == -ENOENT ? 1 : result;
}

/* Returns whether any lives, or is not known to be dead. */
static bool ask_all(const struct pruning *pruning, struct unsock_port *port) {
    struct unsock_span rest = unsock_port_all(port);
    struct unsock_port_entry entry;
    bool living = false;
    for (unsigned i = 0; unsock_port_entry_next(&rest, &entry); i++) {
        port->life[i] = (uint8_t)unsock_port_ask(pruning->probe, port->key, &entry);
        living |= port->life[i] != UNSOCK_PORT_DEAD && port->life[i] != UNSOCK_PORT_GONE;
    }
    return living;
}

/* Those of a port that its link and its record tell. */
static void prune_listed(const struct pruning *pruning, struct unsock_port_key key) {
    struct unsock_port *port = unsock_port_borrow();
    struct sockaddr_un plain, own;
    struct unsock_port_entry entry;
    if (!port)
        return;
    unsock_port_read(port, key);
    unsock_address_path(key.number, key.type, &plain);
    bool living = port->holder == UNSOCK_PORT_OURS && ask_all(pruning, port);
    struct unsock_span rest = unsock_port_all(port);
    for (unsigned i = 0; port->holder == UNSOCK_PORT_OURS && unsock_port_entry_next(&rest, &entry); i++) {
        bool first = unsock_port_same(&entry, &port->first), dead = port->life[i] == UNSOCK_PORT_DEAD;
        unsock_port_path(key, &entry, &own);
        /* A link to a name without a file goes, or leads to another one then. */
        if (dead || (first && port->life[i] == UNSOCK_PORT_GONE))
            tell(pruning, first && (!dead || !living) ? plain.sun_path : own.sun_path,
                 prune_socket(pruning, dead ? own.sun_path : plain.sun_path));
    }
    unsock_port_return(port);
}

static void prune_name(const struct pruning *pruning, const struct unsock_directory_list_one *one) {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct unsock_text text;
    unsock_text_start(&text, path.sun_path, sizeof(path.sun_path));
    unsock_text_join(&text, unsock_settings.directory, "/", one->name);
    socklen_t length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + text.length + 1);
    if (text.cut || unsock_socketfile_is_live(pruning->probe, &path, length))
        return;
    long result = unsock_prune(path.sun_path, pruning->remove);
    if (one->what < UNSOCK_DIRECTORY_LIST_RECORD)
        tell(pruning, path.sun_path, result);
}

/* The sockets first, and then what is left of their ports. */
long unsock_prune_directory(const char *directory, bool remove, const struct unsock_prune_seer *seer) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    struct pruning pruning = {.seer = seer, .remove = remove};
    long result = unsock_directory_list_open(&names, directory, 0);
    if (result < 0)
        return result;
    pruning.probe = unsock_socketfile_probe();
    while (unsock_directory_list_next(&names, &one)) {
        if (one.what == UNSOCK_DIRECTORY_LIST_PORT)
            prune_listed(&pruning, one.key);
        else if (one.what == UNSOCK_DIRECTORY_LIST_PLAIN || one.what == UNSOCK_DIRECTORY_LIST_WAITING ||
                 one.what == UNSOCK_DIRECTORY_LIST_UNLISTED)
            prune_name(&pruning, &one);
    }
    unsock_entries_rewind(&names.entries);
    while (remove && unsock_directory_list_next(&names, &one)) {
        if (one.what >= UNSOCK_DIRECTORY_LIST_RECORD)
            prune_name(&pruning, &one);
    }
    result = names.entries.fd < 0 ? names.entries.fd : 0;
    unsock_socketfile_probe_end(pruning.probe);
    unsock_directory_list_close(&names);
    return result;
}
