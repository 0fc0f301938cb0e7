/* In one short line each. */
#include "rules/control.h"

#include "rules/ip.h"
#include "rules/words.h"

#include <linux/tipc.h>
#include <linux/vm_sockets.h>

static void put_number(struct unsock_text *text, const char *before, uint64_t number) {
    unsock_text_put(text, before);
    unsock_text_number(text, number, 10, 1);
}

static void put_unix(struct unsock_text *text, const uint8_t *address, uint32_t length) {
    unsock_text_put(text, address[UNSOCK_SUN_PATH_OFFSET] == '\0' ? "Unix socket @" : "Unix socket ");
    unsock_utf8_show(text, unsock_control_path(address, length));
}

static void put_internet(struct unsock_text *text, const uint8_t *address, uint32_t length) {
    struct sockaddr_in6 in6;
    struct unsock_ip ip;
    unsock_ip_read(address, length, &ip);
    memcpy(&in6, address, length < sizeof(in6) ? length : sizeof(in6));
    bool is_six = length == sizeof(in6);
    unsock_text_put(text, is_six ? "[" : "");
    unsock_address_text_show(text, &ip);
    if (is_six && in6.sin6_scope_id != 0)
        put_number(text, "%", in6.sin6_scope_id);
    put_number(text, is_six ? "]:" : ":", ip.port);
}

static void put_tipc(struct unsock_text *text, const uint8_t *address) {
    struct sockaddr_tipc tipc;
    memcpy(&tipc, address, sizeof(tipc));
    const struct tipc_service_range *range = &tipc.addr.nameseq;
    uint8_t scope = (uint8_t)tipc.scope;
    if (tipc.addrtype == TIPC_SERVICE_RANGE) {
        put_number(text, "TIPC service range ", range->type);
        put_number(text, ":", range->lower);
        put_number(text, "-", range->upper);
    } else if (tipc.addrtype == TIPC_SERVICE_ADDR) {
        put_number(text, "TIPC service ", range->type);
        put_number(text, ", instance ", range->lower);
        if (range->upper != 0)
            put_number(text, ", in domain ", range->upper);
    } else {
        put_number(text, "TIPC socket ", range->type);
        put_number(text, " on node ", range->lower);
    }
    unsock_text_put(text, ", scope ");
    if (scope == TIPC_CLUSTER_SCOPE || scope == TIPC_NODE_SCOPE)
        unsock_text_put(text, scope == TIPC_CLUSTER_SCOPE ? "cluster" : "node");
    else
        unsock_text_number(text, scope, 10, 1);
}

static void put_vsock(struct unsock_text *text, const uint8_t *address) {
    static const char meanings[][16] = {" (hypervisor)", " (local)", " (host)"};
    struct sockaddr_vm vsock;
    memcpy(&vsock, address, sizeof(vsock));
    put_number(text, "vsock port ", vsock.svm_port);
    unsock_text_put(text, ", CID ");
    if (vsock.svm_cid == VMADDR_CID_ANY)
        unsock_text_put(text, "any");
    else
        unsock_text_number(text, vsock.svm_cid, 10, 1);
    unsock_text_put(text, vsock.svm_cid <= VMADDR_CID_HOST ? meanings[vsock.svm_cid] : "");
    if (vsock.svm_flags != 0)
        put_number(text, ", flags ", vsock.svm_flags);
}

struct unsock_span unsock_control_path(const uint8_t *address, uint32_t length) {
    struct unsock_span path = {(const char *)address + UNSOCK_SUN_PATH_OFFSET, length - UNSOCK_SUN_PATH_OFFSET};
    if (path.at[0] == '\0')
        return (struct unsock_span){path.at + 1, path.length - 1};
    return unsock_span_next(&path, '\0');
}

void unsock_control_describe_address(struct unsock_text *text, const uint8_t *address, uint32_t length) {
    uint16_t family;
    memcpy(&family, address, sizeof(family));
    if (family == AF_UNIX)
        put_unix(text, address, length);
    else if (family == UNSOCK_AF_TIPC)
        put_tipc(text, address);
    else if (family == UNSOCK_AF_VSOCK)
        put_vsock(text, address);
    else
        put_internet(text, address, length);
}

void unsock_control_describe(struct unsock_text *text, const struct unsock_control_file *file) {
    struct sockaddr_vm vsock;
    if (file->options & UNSOCK_CONTROL_FIRECRACKER) {
        memcpy(&vsock, file->dest, sizeof(vsock));
        put_number(text, "port ", vsock.svm_port);
        unsock_text_put(text, " of the guest behind Firecracker's ");
        put_unix(text, file->proxy, file->proxy_length);
    } else if (unsock_control_refuses(file)) {
        unsock_text_put(text, "nobody: connections are refused");
    } else {
        unsock_control_describe_address(text, file->dest, file->dest_length);
    }
}
