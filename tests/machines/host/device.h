/*
 * A virtio-vsock device by vhost-user (qemu's docs/interop/vhost-user.rst): a guest's memory and its two queues of
 * packets. multiplexer.c is behind it.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* linux/virtio_vsock.h, which has C++'s comments in it on some machines. */
struct packet {
    uint64_t src_cid, dst_cid;
    uint32_t src_port, dst_port, len;
    uint16_t type, op;
    uint32_t flags, buf_alloc, fwd_cnt;
} __attribute__((packed));

enum { OP_REQUEST = 1, OP_RESPONSE, OP_RST, OP_SHUTDOWN, OP_RW, OP_CREDIT_UPDATE, OP_CREDIT_REQUEST };
enum { SHUTDOWN_RCV = 1, SHUTDOWN_SEND = 2 };

#define PARTS_MOST 64

/* Waits for the hypervisor at `path` and answers until the guest's queues are there. The guest has `cid`. */
int device_open(const char *path, uint64_t cid);

/* A word of the hypervisor's; 0: it has gone. */
int device_message(int fd);

/* The descriptors by which the guest says that it has sent, and that it can receive; -1: not yet. */
int device_sent_fd(void);
int device_can_receive_fd(void);

/* The next packet from the guest: its data in parts of its memory; 0: there is none. Then device_sent_done. */
int device_sent(struct packet *packet, struct iovec *parts, int *count);
void device_sent_done(void);

/* Where the next packet for the guest goes: its header, and room for data; NULL: there is none. Then device_receive. */
struct packet *device_room(uint8_t **data, size_t *size);
void device_receive(uint32_t data_size);

/* Tells the guest what has been done since. */
void device_signal(void);

_Noreturn void fail(const char *what);

#endif
