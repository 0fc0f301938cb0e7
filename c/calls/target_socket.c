/* Makes sockets of the family that a control file names. */
#include "calls/target.h"

#include "replace/replace.h"
#include "rules/control.h"

#include <linux/vm_sockets.h>

#define TIPC_GROUP_JOIN_OPTION 135
#define TIPC_GROUP_REQ_SIZE 16 /* struct tipc_group_req: type, instance, scope, flags */

long unsock_target_apply_options(const struct unsock_control_file *control, int fd) {
    for (int i = 0; i < UNSOCK_CONTROL_SOCKOPTS; i++) {
        struct unsock_control_sockopt option = control->sockopts[i];
        if (option.group == 0 || option.key == 0)
            continue;
        bool timeout = option.group == SOL_SOCKET && (option.key == SO_RCVTIMEO || option.key == SO_SNDTIMEO);
        bool joins = option.group == SOL_TIPC && option.key == TIPC_GROUP_JOIN_OPTION;
        size_t length = timeout ? sizeof(struct timeval) : joins ? TIPC_GROUP_REQ_SIZE : sizeof(int32_t);
        long result = unsock_setsockopt(fd, option.group, option.key, option.value, length);
        if (result < 0)
            return result;
    }
    return 0;
}

int unsock_target_family(const struct unsock_control_file *control) {
    uint16_t family;
    memcpy(&family, control->dest, sizeof(family));
    return family;
}

/* The family's default needs no mark: AF_TIPC holds a half-close back, all other families pass it on. */
void unsock_target_mark(int fd, const struct unsock_control_file *control) {
    if (unsock_control_holds_half_close(control) != (unsock_target_family(control) == UNSOCK_AF_TIPC))
        unsock_socket_mark_replace(fd, UNSOCK_MARK_HALF_CLOSE);
}

bool unsock_target_fits(const struct unsock_fd *entry, const struct unsock_control_file *control) {
    int family = unsock_target_family(control);
    bool born = entry->kind == UNSOCK_KIND_IP ? family == entry->domain && entry->options == 0
                                              : family == unsock_fd_born_family(entry);
    for (int i = 0; born && i < UNSOCK_CONTROL_SOCKOPTS; i++)
        born = control->sockopts[i].group == 0 || control->sockopts[i].key == 0;
    return born && entry->type == SOCK_STREAM && entry->state == UNSOCK_STATE_NEW && !unsock_fd_is_duplicated(entry) &&
           !(control->options & UNSOCK_CONTROL_FIRECRACKER);
}

long unsock_target_open(int fd, const struct unsock_fd *entry, const struct unsock_control_file *control, long *flags) {
    bool firecracker = (control->options & UNSOCK_CONTROL_FIRECRACKER) != 0;
    *flags = -1;
    long socket = firecracker ? unsock_redirect_open(AF_UNIX, entry->type, 0)
                              : unsock_redirect_open_like(fd, unsock_target_family(control), entry->type, flags);
    long result = socket < 0 ? socket : unsock_target_apply_options(control, (int)socket);
    if (result == 0 && entry->type == SOCK_STREAM)
        unsock_target_mark((int)socket, control);
    return unsock_opened(socket, result);
}

void unsock_target_to_connect(struct unsock_control_file *control) {
    struct sockaddr_vm dest;
    memcpy(&dest, control->dest, sizeof(dest));
    if (dest.svm_family == UNSOCK_AF_VSOCK && dest.svm_cid == VMADDR_CID_ANY) {
        dest.svm_cid = VMADDR_CID_LOCAL;
        memcpy(control->dest, &dest, sizeof(dest));
    }
}

long unsock_target_connect_new(struct unsock_control_file *control, struct unsock_firecracker *asked, int64_t full) {
    bool asks = control->options & UNSOCK_CONTROL_FIRECRACKER;
    unsock_target_to_connect(control);
    long fd = unsock_socket(asks ? AF_UNIX : unsock_target_family(control), SOCK_STREAM | UNSOCK_SOCK_FLAGS, 0);
    long result = fd < 0 ? fd : unsock_target_apply_options(control, (int)fd);
    if (result == 0)
        result = asks ? unsock_firecracker_ask((int)fd, control, asked, full)
                      : unsock_connect(fd, control->dest, control->dest_length);
    return unsock_opened(fd, result == -EINPROGRESS ? 0 : result);
}
