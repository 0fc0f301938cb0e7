/* Control data of messages, from programs and peers; and cutting a message into datagrams. */
#include "../kernel.h"

#include "calls/stream.h"
#include "rules/cmsg.h"

#define PARTS 24

static void walk(struct msghdr *message) {
    struct cmsghdr header;
    size_t space, at = 0;
    for (; (space = unsock_cmsg_read(message, at, &header)) > 0; at += space)
        HOLDS(header.cmsg_len >= sizeof header && at + header.cmsg_len <= message->msg_controllen);
    HOLDS(at <= message->msg_controllen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct iovec parts[PARTS];
    struct unsock_segment segment;
    if (size < 4)
        return 0;
    size_t count = data[0] % PARTS, step = 1 + data[1], total = 0, cut = 0;
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){(void *)(uintptr_t)(0x10000 * (i + 1)), data[2 + i % 2] * (i % 3)};
        total += parts[i].iov_len;
    }
    uint8_t *control = fuzz_exact(data + 4, size - 4);
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count, .msg_control = control, .msg_controllen = size - 4};
    walk(&message);
    unsock_segment_size(&message);
    for (long piece; (piece = unsock_segment_cut(&message, cut, step, &segment)) > 0; cut += (size_t)piece)
        HOLDS(segment.message.msg_iovlen <= UNSOCK_SEGMENT_PARTS && (size_t)piece <= step);
    HOLDS(cut <= total);
    fuzz_kernel_start(data, 0);
    unsock_passed_descriptors_maybe(&message);
    unsock_passed_descriptors_take(3, &message, true);
    HOLDS(message.msg_controllen <= size - 4);
    walk(&message);
    free(control);
    return 0;
}
