/* vhost-user, and virtio's split queues. */
#include "device.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REGIONS_MOST 8
#define RECEIVE 0
#define SEND 1
#define QUEUES 2

#define F_VERSION_1 (1ull << 32)
#define F_PROTOCOL_FEATURES (1ull << 30)
#define PROTOCOL_F_CONFIG (1ull << 9)
#define IS_REPLY 0x5u /* version 1, a reply */

enum {
    GET_FEATURES = 1,
    SET_MEM_TABLE = 5,
    SET_VRING_NUM = 8,
    SET_VRING_ADDR = 9,
    SET_VRING_BASE = 10,
    GET_VRING_BASE = 11,
    SET_VRING_KICK = 12,
    SET_VRING_CALL = 13,
    GET_PROTOCOL_FEATURES = 15,
    GET_QUEUE_NUM = 17,
    GET_CONFIG = 24,
};

struct message {
    uint32_t request, flags, size;
    union {
        uint64_t number;
        struct {
            uint32_t index, value;
        } state;
        struct {
            uint32_t index, flags;
            uint64_t descriptors, used, available, log;
        } address;
        struct {
            uint32_t count, padding;
            struct region {
                uint64_t guest, size, user, offset;
            } regions[REGIONS_MOST];
        } memory;
        struct {
            uint32_t offset, size, flags;
            uint8_t bytes[256];
        } config;
    };
} __attribute__((packed));

#define HEADER offsetof(struct message, number)

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

struct used {
    uint16_t flags, index;
    struct {
        uint32_t id, length;
    } ring[];
};

static struct queue {
    int kick, call;
    uint32_t size;
    uint16_t seen; /* of the available ones */
    uint16_t head;
    int told; /* something was done since the last signal */
    struct descriptor *descriptors;
    volatile uint16_t *available; /* flags, index, ring */
    volatile struct used *used;
} queues[QUEUES] = {{.kick = -1, .call = -1}, {.kick = -1, .call = -1}};

static struct region regions[REGIONS_MOST];
static uint8_t *mapped[REGIONS_MOST];
static unsigned region_count;
static uint64_t own_cid;

void fail(const char *what) {
    fprintf(stderr, "multiplexer: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Of the guest's memory by its own address, or by that in the hypervisor. */
static void *at(uint64_t address, int by_user) {
    for (unsigned i = 0; i < region_count; i++) {
        uint64_t start = by_user ? regions[i].user : regions[i].guest;
        if (address >= start && address - start < regions[i].size)
            return mapped[i] + regions[i].offset + (address - start);
    }
    errno = EFAULT;
    fail("an address of the guest");
}

static void take_memory(const struct message *message, const int *fds) {
    for (unsigned i = 0; i < region_count; i++)
        munmap(mapped[i], regions[i].size + regions[i].offset);
    region_count = message->memory.count;
    for (unsigned i = 0; i < region_count; i++) {
        regions[i] = message->memory.regions[i];
        size_t size = regions[i].size + regions[i].offset;
        mapped[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
        if (mapped[i] == MAP_FAILED)
            fail("the guest's memory");
        close(fds[i]);
    }
}

static void reply(int fd, struct message *message, uint32_t size) {
    message->flags = IS_REPLY;
    message->size = size;
    if (write(fd, message, HEADER + size) != (ssize_t)(HEADER + size))
        fail("a reply");
}

static void take_queue(int fd, struct message *message, const int *fds) {
    struct queue *queue = &queues[message->state.index & 1];
    switch (message->request) {
    case SET_VRING_NUM:
        queue->size = message->state.value;
        return;
    case SET_VRING_BASE:
        queue->seen = (uint16_t)message->state.value;
        return;
    case SET_VRING_ADDR:
        queue->descriptors = at(message->address.descriptors, 1);
        queue->available = at(message->address.available, 1);
        queue->used = at(message->address.used, 1);
        return;
    case SET_VRING_KICK:
        queue->kick = fds[0];
        return;
    case SET_VRING_CALL:
        queue->call = fds[0];
        return;
    default:
        message->state.value = queue->seen;
        queue->kick = -1;
        reply(fd, message, sizeof(message->state));
    }
}

static void take(int fd, struct message *message, const int *fds) {
    switch (message->request) {
    case GET_FEATURES:
        message->number = F_VERSION_1 | F_PROTOCOL_FEATURES;
        return reply(fd, message, sizeof(message->number));
    case GET_PROTOCOL_FEATURES:
        message->number = PROTOCOL_F_CONFIG;
        return reply(fd, message, sizeof(message->number));
    case GET_QUEUE_NUM:
        message->number = QUEUES;
        return reply(fd, message, sizeof(message->number));
    case GET_CONFIG:
        memcpy(message->config.bytes, &own_cid, sizeof(own_cid));
        return reply(fd, message, message->size);
    case SET_MEM_TABLE:
        return take_memory(message, fds);
    case SET_VRING_NUM:
    case SET_VRING_ADDR:
    case SET_VRING_BASE:
    case GET_VRING_BASE:
    case SET_VRING_KICK:
    case SET_VRING_CALL:
        return take_queue(fd, message, fds);
    }
}

int device_message(int fd) {
    struct message message = {0};
    union {
        char bytes[CMSG_SPACE(REGIONS_MOST * sizeof(int))];
        struct cmsghdr header;
    } control;
    struct iovec part = {&message, HEADER};
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    int fds[REGIONS_MOST] = {-1};
    if (recvmsg(fd, &header, MSG_WAITALL | MSG_CMSG_CLOEXEC) != (ssize_t)HEADER)
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c))
        if (c->cmsg_type == SCM_RIGHTS)
            memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    if (message.size > sizeof(message) - HEADER)
        return 0;
    if (message.size > 0 && recv(fd, &message.number, message.size, MSG_WAITALL) != (ssize_t)message.size)
        return 0;
    take(fd, &message, fds);
    return 1;
}

int device_open(const char *path, uint64_t cid) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    own_cid = cid;
    strncpy(name.sun_path, path, sizeof(name.sun_path) - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(listener, 1) != 0)
        fail(path);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        fail(path);
    return fd;
}

int device_sent_fd(void) {
    return queues[SEND].kick;
}

int device_can_receive_fd(void) {
    return queues[RECEIVE].kick;
}

/* Returns the first descriptor of the next chain, or NULL. */
static struct descriptor *next(struct queue *queue) {
    if (queue->kick < 0 || !queue->available)
        return NULL;
    __sync_synchronize();
    if (queue->available[1] == queue->seen)
        return NULL;
    queue->head = queue->available[2 + queue->seen % queue->size];
    return &queue->descriptors[queue->head];
}

static void done(struct queue *queue, uint32_t length) {
    uint16_t index = queue->used->index;
    queue->used->ring[index % queue->size].id = queue->head;
    queue->used->ring[index % queue->size].length = length;
    __sync_synchronize();
    queue->used->index = (uint16_t)(index + 1);
    queue->seen++;
    queue->told = 1;
}

int device_sent(struct packet *packet, struct iovec *parts, int *count) {
    struct descriptor *descriptor = next(&queues[SEND]);
    if (!descriptor)
        return 0;
    memcpy(packet, at(descriptor->address, 0), sizeof(*packet));
    *count = 0;
    if (descriptor->length > sizeof(*packet))
        parts[(*count)++] = (struct iovec){(uint8_t *)at(descriptor->address, 0) + sizeof(*packet),
                                           descriptor->length - sizeof(*packet)};
    while ((descriptor->flags & 1) && *count < PARTS_MOST) {
        descriptor = &queues[SEND].descriptors[descriptor->next];
        parts[(*count)++] = (struct iovec){at(descriptor->address, 0), descriptor->length};
    }
    return 1;
}

void device_sent_done(void) {
    done(&queues[SEND], 0);
}

struct packet *device_room(uint8_t **data, size_t *size) {
    struct descriptor *descriptor = next(&queues[RECEIVE]);
    if (!descriptor)
        return NULL;
    struct packet *packet = at(descriptor->address, 0);
    *data = (uint8_t *)(packet + 1);
    *size = descriptor->length - sizeof(*packet);
    if (*size == 0 && (descriptor->flags & 1)) {
        descriptor = &queues[RECEIVE].descriptors[descriptor->next];
        *data = at(descriptor->address, 0);
        *size = descriptor->length;
    }
    return packet;
}

void device_receive(uint32_t data_size) {
    done(&queues[RECEIVE], (uint32_t)sizeof(struct packet) + data_size);
}

void device_signal(void) {
    uint64_t one = 1;
    for (int i = 0; i < QUEUES; i++) {
        struct queue *queue = &queues[i];
        __sync_synchronize();
        bool wanted = queue->told && queue->call >= 0 && !(queue->available[0] & 1);
        queue->told = 0;
        if (wanted && write(queue->call, &one, sizeof(one)) < 0)
            fail("a signal to the guest");
    }
}
