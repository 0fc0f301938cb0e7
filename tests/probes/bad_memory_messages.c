/* Invalid memory in the calls with messages: the message, its parts, address, data and control data. */
#include "bad_memory.h"

static char data[128];
static struct iovec part = {data, 4};

static void give_part(void *at) {
    memcpy(at, &part, sizeof part);
}

static struct msghdr message_to(const address *to) {
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (to != NULL)
        message.msg_name = (void *)&to->any, message.msg_namelen = to->length;
    return message;
}

static void give_message_to_receiver(void *at) {
    struct msghdr message = message_to(&at_receiver);
    memcpy(at, &message, sizeof message);
}

static void give_messages(void *at) {
    struct mmsghdr messages[2] = {{message_to(&at_receiver), 0}, {message_to(&at_receiver), 0}};
    memcpy(at, messages, sizeof messages);
}

static void give_plain_message(void *at) {
    struct msghdr message = message_to(NULL);
    memcpy(at, &message, sizeof message);
}

static void give_plain_messages(void *at) {
    struct mmsghdr messages[2] = {{message_to(NULL), 0}, {message_to(NULL), 0}};
    memcpy(at, messages, sizeof messages);
}

static void give_control(void *at) {
    struct {
        struct cmsghdr header;
        uint16_t size;
        char padding[6];
    } segment = {{CMSG_LEN(2), IPPROTO_UDP, 103}, 2, {0}};
    memcpy(at, &segment, sizeof segment);
}

CALL(sendmsg_fresh, sendmsg(fresh_datagram, p, 0))
CALL(sendmsg_named, sendmsg(named, p, 0))
CALL(sendmsg_stream, sendmsg(client, p, 0))
CALL(sendmsg_joined, sendmsg(joined, p, 0))
CALL(recvmsg_datagram, recvmsg(receiver, p, 0))
CALL(recvmsg_stream, recvmsg(peer, p, 0))
CALL(recvmsg_fresh, recvmsg(fresh_datagram, p, MSG_DONTWAIT))
CALL(sendmmsg_named, sendmmsg(named, p, 2, 0))
CALL(sendmmsg_fresh, sendmmsg(fresh_datagram, p, 2, 0))
CALL(sendmmsg_stream, sendmmsg(client, p, 2, 0))
CALL(recvmmsg_datagram, recvmmsg(receiver, p, 2, MSG_DONTWAIT, NULL))
CALL(recvmmsg_stream, recvmmsg(peer, p, 2, MSG_DONTWAIT, NULL))
static long recvmmsg_time(void *p) {
    struct mmsghdr messages[1] = {{message_to(NULL), 0}};
    return recvmmsg(receiver, messages, 1, 0, p);
}

/* Parts of a message that is there itself. */
static struct msghdr around(void *name, struct iovec *parts, void *control, size_t control_length) {
    struct msghdr message = {.msg_name = name, .msg_namelen = name == NULL ? 0 : 16, .msg_iov = parts, .msg_iovlen = 1};
    message.msg_control = control;
    message.msg_controllen = control_length;
    return message;
}

static long send_parts(int fd, void *name, struct iovec *parts, void *control) {
    struct msghdr message = around(name, parts, control, control == NULL ? 0 : CMSG_SPACE(2));
    return sendmsg(fd, &message, 0);
}

static long receive_parts(int fd, bool has_name, void *name, struct iovec *parts, bool has_control, void *control) {
    struct msghdr message = around(NULL, parts, control, has_control ? 64 : 0);
    message.msg_name = name;
    message.msg_namelen = has_name ? 16 : 0;
    return recvmsg(fd, &message, 0);
}

CALL(sendmsg_name_fresh, send_parts(fresh_datagram, p, &part, NULL))
CALL(sendmsg_name_named, send_parts(named, p, &part, NULL))
CALL(sendmsg_name_stream, send_parts(client, p, &part, NULL))
CALL(sendmsg_parts_fresh, send_parts(fresh_datagram, &at_receiver, p, NULL))
CALL(sendmsg_parts_named, send_parts(named, &at_receiver, p, NULL))
CALL(sendmsg_parts_joined, send_parts(joined, NULL, p, NULL))
CALL(sendmsg_parts_stream, send_parts(client, NULL, p, NULL))
CALL(sendmsg_data, send_parts(named, &at_receiver, &((struct iovec){p, 4}), NULL))
CALL(sendmsg_data_stream, send_parts(client, NULL, &((struct iovec){p, 4}), NULL))
CALL(sendmsg_control_fresh, send_parts(fresh_datagram, &at_receiver, &part, p))
CALL(sendmsg_control_named, send_parts(named, &at_receiver, &part, p))
CALL(recvmsg_name, receive_parts(receiver, true, p, &part, false, NULL))
CALL(recvmsg_name_stream, receive_parts(peer, true, p, &part, false, NULL))
CALL(recvmsg_parts, receive_parts(receiver, false, NULL, p, false, NULL))
CALL(recvmsg_parts_stream, receive_parts(peer, false, NULL, p, false, NULL))
CALL(recvmsg_data, receive_parts(receiver, false, NULL, &((struct iovec){p, 8}), false, NULL))
CALL(recvmsg_control, receive_parts(informed, false, NULL, &part, true, p))
CALL(recvmsg_control_stream, receive_parts(peer, false, NULL, &part, true, p))

static const struct slot slots[] = {
    {"sendmsg, new: message", sizeof(struct msghdr), give_message_to_receiver, sendmsg_fresh},
    {"sendmsg, has sent: message", sizeof(struct msghdr), give_message_to_receiver, sendmsg_named},
    {"sendmsg, stream: message", sizeof(struct msghdr), give_plain_message, sendmsg_stream},
    {"sendmsg, connected: message", sizeof(struct msghdr), give_plain_message, sendmsg_joined},
    {"sendmsg, new: name", 16, give_receiver, sendmsg_name_fresh},
    {"sendmsg, has sent: name", 16, give_receiver, sendmsg_name_named},
    {"sendmsg, stream: name", 16, give_receiver, sendmsg_name_stream},
    {"sendmsg, new: parts", sizeof(struct iovec), give_part, sendmsg_parts_fresh},
    {"sendmsg, has sent: parts", sizeof(struct iovec), give_part, sendmsg_parts_named},
    {"sendmsg, connected: parts", sizeof(struct iovec), give_part, sendmsg_parts_joined},
    {"sendmsg, stream: parts", sizeof(struct iovec), give_part, sendmsg_parts_stream},
    {"sendmsg: data", 4, give_1, sendmsg_data},
    {"sendmsg, stream: data", 4, give_1, sendmsg_data_stream},
    {"sendmsg, new: control", CMSG_SPACE(2), give_control, sendmsg_control_fresh},
    {"sendmsg, has sent: control", CMSG_SPACE(2), give_control, sendmsg_control_named},
    {"sendmmsg, has sent: messages", 2 * sizeof(struct mmsghdr), give_messages, sendmmsg_named},
    {"sendmmsg, new: messages", 2 * sizeof(struct mmsghdr), give_messages, sendmmsg_fresh},
    {"sendmmsg, stream: messages", 2 * sizeof(struct mmsghdr), give_plain_messages, sendmmsg_stream},
    {"recvmsg: message", sizeof(struct msghdr), give_plain_message, recvmsg_datagram},
    {"recvmsg, stream: message", sizeof(struct msghdr), give_plain_message, recvmsg_stream},
    {"recvmsg, new: message", sizeof(struct msghdr), give_plain_message, recvmsg_fresh},
    {"recvmsg: name", 16, give_nothing, recvmsg_name},
    {"recvmsg, stream: name", 16, give_nothing, recvmsg_name_stream},
    {"recvmsg: parts", sizeof(struct iovec), give_part, recvmsg_parts},
    {"recvmsg, stream: parts", sizeof(struct iovec), give_part, recvmsg_parts_stream},
    {"recvmsg: data", 8, give_nothing, recvmsg_data},
    {"recvmsg: control", 64, give_nothing, recvmsg_control},
    {"recvmsg, stream: control", 64, give_nothing, recvmsg_control_stream},
    {"recvmmsg: messages", 2 * sizeof(struct mmsghdr), give_plain_messages, recvmmsg_datagram},
    {"recvmmsg, stream: messages", 2 * sizeof(struct mmsghdr), give_plain_messages, recvmmsg_stream},
    {"recvmmsg: time", sizeof(struct timespec), give_no_wait, recvmmsg_time},
};

int main(void) {
    probe_start();
    TELL_ALL(slots);
    return 0;
}
