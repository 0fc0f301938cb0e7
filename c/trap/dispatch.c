/* Each trapped call of sockets and descriptors: are its pointers good, and which function answers it? */
#include "trap/dispatch.h"

#include "calls/ioctl.h"
#include "calls/list.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "trap/pointers.h"

#define ADDRESS_MOST sizeof(union unsock_sockaddr)
#define MESSAGES_MOST 1024 /* UIO_MAXIOV: the kernel takes no more at once */
#define PARTS_MOST 1024

static bool given(const void *address, long length) {
    return !address || (int)length <= 0 || unsock_can_read(address, UNSOCK_MIN((size_t)(unsigned)length, ADDRESS_MOST));
}

/* An address to be written, and its length. */
static bool wanted(void *address, socklen_t *length) {
    if (!address)
        return true;
    if (!unsock_can_write(length, sizeof(*length)))
        return false;
    return *length == 0 || unsock_can_write(address, UNSOCK_MIN((size_t)*length, ADDRESS_MOST));
}

static bool good_parts(const struct msghdr *message) {
    size_t count = UNSOCK_MIN(message->msg_iovlen, (size_t)PARTS_MOST);
    return unsock_can_read(message->msg_iov, count * sizeof(struct iovec));
}

static bool good_to_send(const struct msghdr *message) {
    return given(message->msg_name, message->msg_namelen) && good_parts(message) &&
           (!message->msg_control || unsock_can_read(message->msg_control, message->msg_controllen));
}

static bool good_to_fill(struct msghdr *message) {
    return (!message->msg_name ||
            unsock_can_write(message->msg_name, UNSOCK_MIN((size_t)message->msg_namelen, ADDRESS_MOST))) &&
           good_parts(message) &&
           (!message->msg_control || unsock_can_write(message->msg_control, message->msg_controllen));
}

static bool good_messages(struct unsock_mmsghdr *messages, long count, bool (*good)(struct msghdr *)) {
    size_t number = UNSOCK_MIN((size_t)(unsigned)count, (size_t)MESSAGES_MOST);
    if (!unsock_can_write(messages, number * sizeof(*messages)) ||
        !unsock_can_read(messages, number * sizeof(*messages)))
        return false;
    for (size_t i = 0; i < number; i++) {
        if (!good(&messages[i].header))
            return false;
    }
    return true;
}

static bool good_to_send_each(struct msghdr *message) {
    return good_to_send(message);
}

static long get_option(const long a[6]) {
    void *value = (void *)a[3];
    socklen_t *length = (socklen_t *)a[4];
    if (!unsock_can_write(length, sizeof(*length)) || ((int)*length > 0 && !unsock_can_write(value, *length)))
        return -EFAULT;
    return unsock_call_getsockopt((int)a[0], (int)a[1], (int)a[2], value, length);
}

static long set_option(const long a[6]) {
    const void *value = (const void *)a[3];
    if ((int)a[4] > 0 && !unsock_can_read(value, (socklen_t)a[4]))
        return -EFAULT;
    return unsock_call_setsockopt((int)a[0], (int)a[1], (int)a[2], value, (socklen_t)a[4]);
}

static long control_set(const long a[6]) {
    struct unsock_epoll_event *event = (struct unsock_epoll_event *)a[3];
    if (event && !unsock_can_read(event, sizeof(*event)))
        return -EFAULT;
    return unsock_call_epoll_ctl((int)a[0], (int)a[1], (int)a[2], event);
}

/* Calls that bring or want addresses and messages. */
static long dispatch_data(long number, const long a[6]) {
    void *address = (void *)a[4];
    socklen_t *length = (socklen_t *)a[5];
    struct msghdr *message = (struct msghdr *)a[1];
    struct unsock_mmsghdr *messages = (struct unsock_mmsghdr *)a[1];
    bool good;
    switch (number) {
    case __NR_sendto:
        return given(address, a[5]) ? unsock_call_sendto((int)a[0], (const void *)a[1], (size_t)a[2], (int)a[3],
                                                         address, (socklen_t)a[5])
                                    : -EFAULT;
    case __NR_recvfrom:
        return wanted(address, length)
                   ? unsock_call_recvfrom((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3], address, length)
                   : -EFAULT;
    case __NR_sendmsg:
        good = unsock_can_read(message, sizeof(*message)) && good_to_send(message);
        return good ? unsock_call_sendmsg((int)a[0], message, (int)a[2]) : -EFAULT;
    case __NR_recvmsg:
        good = unsock_can_write(message, sizeof(*message)) && good_to_fill(message);
        return good ? unsock_call_recvmsg((int)a[0], message, (int)a[2]) : -EFAULT;
    case __NR_sendmmsg:
        good = good_messages(messages, a[2], good_to_send_each);
        return good ? unsock_call_sendmmsg((int)a[0], messages, (unsigned)a[2], (int)a[3]) : -EFAULT;
    default:
        good = good_messages(messages, a[2], good_to_fill) && (!a[4] || unsock_can_read((const void *)a[4], 16));
        return good ? unsock_call_recvmmsg((int)a[0], messages, (unsigned)a[2], (int)a[3], (void *)a[4]) : -EFAULT;
    }
}

/* Calls about descriptors of any kind. */
static long dispatch_descriptors(long number, const long a[6]) {
    switch (number) {
    case __NR_close:
        return unsock_call_close((int)a[0]);
    case __NR_close_range:
        return unsock_call_close_range((unsigned)a[0], (unsigned)a[1], (unsigned)a[2]);
    case __NR_dup:
        return unsock_call_dup((int)a[0]);
    case __NR_dup3:
        return unsock_call_dup3((int)a[0], (int)a[1], (int)a[2]);
#ifdef __NR_dup2
    case __NR_dup2:
        return unsock_call_dup2((int)a[0], (int)a[1]);
    case __NR_epoll_create:
        return unsock_call_epoll_create((int)a[0]);
#endif
    case __NR_fcntl:
        return unsock_call_fcntl((int)a[0], (int)a[1], (unsigned long)a[2]);
    case __NR_ioctl:
        return unsock_call_ioctl((int)a[0], (unsigned)a[1], (unsigned long)a[2]);
    case __NR_epoll_create1:
        return unsock_call_epoll_create1((int)a[0]);
    case __NR_epoll_ctl:
        return control_set(a);
    default:
        return dispatch_data(number, a);
    }
}

long unsock_trap_dispatch(long number, const long a[6]) {
    struct sockaddr *address = (struct sockaddr *)a[1];
    socklen_t *length = (socklen_t *)a[2];
    switch (number) {
    case __NR_socket:
        return unsock_call_socket((int)a[0], (int)a[1], (int)a[2]);
    case __NR_socketpair:
        return unsock_call_socketpair((int)a[0], (int)a[1], (int)a[2], (int *)a[3]);
    case __NR_bind:
        return given(address, a[2]) ? unsock_call_bind((int)a[0], address, (socklen_t)a[2]) : -EFAULT;
    case __NR_connect:
        return given(address, a[2]) ? unsock_call_connect((int)a[0], address, (socklen_t)a[2]) : -EFAULT;
    case __NR_listen:
        return unsock_call_listen((int)a[0], (int)a[1]);
    case __NR_accept:
        return wanted(address, length) ? unsock_call_accept((int)a[0], address, length) : -EFAULT;
    case __NR_accept4:
        return wanted(address, length) ? unsock_call_accept4((int)a[0], address, length, (int)a[3]) : -EFAULT;
    case __NR_shutdown:
        return unsock_call_shutdown((int)a[0], (int)a[1]);
    case __NR_getsockname:
        return wanted(address, length) ? unsock_call_getsockname((int)a[0], address, length) : -EFAULT;
    case __NR_getpeername:
        return wanted(address, length) ? unsock_call_getpeername((int)a[0], address, length) : -EFAULT;
    case __NR_getsockopt:
        return get_option(a);
    case __NR_setsockopt:
        return set_option(a);
    default:
        return dispatch_descriptors(number, a);
    }
}
