/* Multicast groups that a bound datagram socket joins and leaves, and the sources that it allows or blocks. */
#include "probe.h"

/* Of one length with what the call wants, so that a buffer that is too long or too short would show. */
union value {
    struct ip_mreq plain;
    struct ip_mreqn by_index;
    struct ip_mreq_source source;
    struct ip_msfilter filter;
    struct ipv6_mreq six;
    struct group_req group;
    struct group_source_req group_source;
    struct group_filter group_filter;
};

static void set(const char *who, int fd, int level, int name, const char *what, const void *value, size_t length) {
    fact(who, "%s: %s", what, setsockopt(fd, level, name, value, (socklen_t)length) == 0 ? "ok" : errno_name(errno));
}
#define SET(level, name, member) set(who, fd, level, name, #name " " #member, &value, sizeof(value.member))

static void by_address(const char *who, int fd) {
    union value value = {.by_index = {.imr_multiaddr.s_addr = htonl(0xe00000fb), .imr_ifindex = 1}};
    SET(IPPROTO_IP, IP_ADD_MEMBERSHIP, by_index);
    SET(IPPROTO_IP, IP_DROP_MEMBERSHIP, by_index);
    value.plain = (struct ip_mreq){{htonl(0xe0000101)}, {htonl(INADDR_LOOPBACK)}};
    SET(IPPROTO_IP, IP_ADD_MEMBERSHIP, plain);
    value.source.imr_sourceaddr.s_addr = htonl(0x7f000005);
    SET(IPPROTO_IP, IP_BLOCK_SOURCE, source);
    SET(IPPROTO_IP, IP_UNBLOCK_SOURCE, source);
    value.filter.imsf_fmode = MCAST_EXCLUDE;
    value.filter.imsf_numsrc = 0;
    SET(IPPROTO_IP, IP_MSFILTER, filter);
    SET(IPPROTO_IP, IP_DROP_MEMBERSHIP, plain);
    value.source = (struct ip_mreq_source){{htonl(0xe8000101)}, {htonl(INADDR_LOOPBACK)}, {htonl(0x7f000005)}};
    SET(IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, source);
    SET(IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, source);
    set(who, fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, "nowhere", (void *)1, sizeof(value.plain));
}

static void by_group(const char *who, int fd, int level, const char *group, const char *source) {
    union value value = {.group = {.gr_interface = 1}};
    address of_group = ip(group, 0), of_source = ip(source, 0);
    memcpy(&value.group.gr_group, &of_group.any, of_group.length);
    SET(level, MCAST_JOIN_GROUP, group);
    memcpy(&value.group_source.gsr_source, &of_source.any, of_source.length);
    SET(level, MCAST_BLOCK_SOURCE, group_source);
    SET(level, MCAST_UNBLOCK_SOURCE, group_source);
    SET(level, MCAST_LEAVE_GROUP, group);
    SET(level, MCAST_JOIN_SOURCE_GROUP, group_source);
    SET(level, MCAST_LEAVE_SOURCE_GROUP, group_source);
}

static void of_six(const char *who, int fd) {
    union value value = {.six = {.ipv6mr_interface = 1}};
    inet_pton(AF_INET6, "ff02::fb", &value.six.ipv6mr_multiaddr);
    SET(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, six);
    SET(IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, six);
    by_group(who, fd, IPPROTO_IPV6, "ff02::101", "::5");
}

static void all(const char *text) {
    int fd = bound(text, 0, SOCK_DGRAM);
    by_address(text, fd);
    by_group(text, fd, IPPROTO_IP, "224.0.1.1", "127.0.0.5");
    if (strchr(text, ':'))
        of_six(text, fd);
    close(fd);
}

/* As servers of mDNS and SSDP do it: they join, bind, and leave when they end. */
static void joined_before(void) {
    union value value = {.by_index = {.imr_multiaddr.s_addr = htonl(0xe00000fb), .imr_ifindex = 1}};
    const char *who = "joined before it was bound";
    address any = ip("0.0.0.0", 0);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    SET(IPPROTO_IP, IP_ADD_MEMBERSHIP, by_index);
    CHECK(bind(fd, &any.any, any.length));
    SET(IPPROTO_IP, IP_DROP_MEMBERSHIP, by_index);
    close(fd);
}

int main(void) {
    probe_start();
    all("0.0.0.0");
    all("127.0.0.1");
    all("::");
    joined_before();
    return 0;
}
