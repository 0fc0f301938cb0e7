/* Batches that a plain Unix program forges for a receiver which takes them (c/calls/datagram_batch.c), and a bad
 * buffer. */
#include "probe.h"

#include <netinet/udp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/un.h>

#define COUNT 8
#define ROOM 1452

static const unsigned char magic[] = {0xb7, 0x5e, 0x02, 0x9f, 0xd4, 0x61, 0x38,
                                      0xca, 0x0d, 0x93, 0xf6, 0x2b, 0x84, 0x1e};
static char space[COUNT][ROOM], bytes[65536];

static void forge(int sender, const struct sockaddr_un *to, size_t length, uint16_t size, bool whole) {
    memset(bytes, 'b', length);
    memcpy(bytes + length, magic, sizeof magic);
    memcpy(bytes + length + sizeof magic, &size, sizeof size);
    CHECK(sendto(sender, bytes, length + (whole ? 16 : 0), 0, (const struct sockaddr *)to, sizeof *to));
}

static void receive(const char *name, int fd, void *last, size_t room) {
    struct iovec parts[COUNT];
    struct mmsghdr messages[COUNT] = {0};
    char text[200] = "";
    memset(space, '-', sizeof space);
    for (int i = 0; i < COUNT; i++) {
        parts[i] = (struct iovec){last && i == COUNT - 1 ? last : space[i], room};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int received = recvmmsg(fd, messages, COUNT, 0, NULL);
    for (int i = 0; i < received; i++) {
        unsigned long written = 0;
        while (written < room && space[i][written] != '-')
            written++;
        snprintf(text + strlen(text), sizeof text - strlen(text), " %u%s%s", messages[i].msg_len,
                 messages[i].msg_hdr.msg_flags & MSG_TRUNC ? " cut" : "",
                 written >= (messages[i].msg_len < room ? messages[i].msg_len : room) || (last && i == COUNT - 1)
                     ? ""
                     : " not written");
    }
    fact(name, "%s%s", received < 0 ? errno_name(errno) : "", text);
}

/* Batches of `length` bytes, whose trailer says that each datagram has `size`. */
static const struct {
    const char *name;
    size_t length;
    uint16_t size;
    size_t room;
} batches[] = {
    {"four", 400, 100, ROOM},
    {"larger than the datagram", 100, 60000, ROOM},
    {"of no bytes", 100, 0, ROOM},
    {"more than messages", 100, 1, ROOM},
    {"the trailer alone", 0, 100, ROOM},
    {"longer than all buffers", 20000, 1, ROOM},
    {"into smaller buffers", 400, 100, 50},
    {"into buffers of no bytes", 400, 100, 0},
};

int main(void) {
    probe_start();
    int fd = bound("127.0.0.1", 0, SOCK_DGRAM), sender = CHECK(socket(AF_UNIX, SOCK_DGRAM, 0));
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s/%d.dgram.sock", getenv("UNSOCK_DIR"), own_port(fd));
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
    CHECK(set_option(fd, IPPROTO_UDP, UDP_SEGMENT, 0));
    for (int i = 0; i < 2; i++)
        forge(sender, &to, 600, 0, false);
    receive("before any batch", fd, NULL, ROOM);
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        forge(sender, &to, batches[i].length, batches[i].size, true);
        receive(batches[i].name, fd, NULL, batches[i].room);
    }
    void *bad = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    forge(sender, &to, 800, 100, true);
    receive("into memory that cannot be written", fd, bad, ROOM);
    forge(sender, &to, 400, 100, true);
    fact_number("by recv", recv(fd, bytes, sizeof bytes, 0));
    receive("nothing", fd, NULL, ROOM);
}
