/* Invalid memory in the calls with addresses, data and requests. */
#include "bad_memory.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

static char data[128];

static void give_event(void *at) {
    memcpy(at, &(struct epoll_event){.events = EPOLLIN, .data.u64 = 7}, sizeof(struct epoll_event));
}
static void give_owner(void *at) {
    memcpy(at, &(struct f_owner_ex){F_OWNER_PID, getpid()}, sizeof(struct f_owner_ex));
}
static void give_interface(void *at) {
    struct ifreq request = {.ifr_ifindex = 1};
    memcpy(at, &request, sizeof request);
}

static socklen_t length_16 = 16;

CALL(bind_stream, bind(fresh, p, 16))
CALL(bind_datagram, bind(fresh_datagram, p, 16))
CALL(connect_stream, connect(fresh, p, 16))
CALL(connect_connected, connect(client, p, 16))
CALL(connect_datagram, connect(fresh_datagram, p, 16))
CALL(connect_named, connect(named, p, 16))
CALL(accept_address, accept(listener_with_client, p, &length_16))
CALL(accept_length, accept(listener_with_client, &at_server.any, p))
CALL(accept4_address, accept4(listener_with_client, p, &length_16, SOCK_CLOEXEC))
CALL(accept4_length, accept4(listener_with_client, &at_server.any, p, SOCK_CLOEXEC))
CALL(name_stream, getsockname(client, p, &length_16))
CALL(name_stream_length, getsockname(client, &at_server.any, p))
CALL(name_fresh, getsockname(fresh, p, &length_16))
CALL(name_fresh_length, getsockname(fresh, &at_server.any, p))
CALL(name_receiver, getsockname(receiver, p, &length_16))
CALL(name_receiver_length, getsockname(receiver, &at_server.any, p))
CALL(peer_stream, getpeername(client, p, &length_16))
CALL(peer_stream_length, getpeername(client, &at_server.any, p))
CALL(peer_accepted, getpeername(peer, p, &length_16))
CALL(peer_joined, getpeername(joined, p, &length_16))
CALL(peer_joined_length, getpeername(joined, &at_server.any, p))
CALL(peer_fresh, getpeername(fresh, p, &length_16))
CALL(sendto_data, sendto(named, p, 4, 0, &at_receiver.any, 16))
CALL(sendto_address_fresh, sendto(fresh_datagram, data, 4, 0, p, 16))
CALL(sendto_address_named, sendto(named, data, 4, 0, p, 16))
CALL(sendto_address_bound, sendto(receiver, data, 4, 0, p, 16))
CALL(sendto_address_joined, sendto(joined, data, 4, 0, p, 16))
CALL(sendto_data_stream, sendto(client, p, 4, 0, NULL, 0))
CALL(sendto_address_stream, sendto(client, data, 4, 0, p, 16))
CALL(sendto_fastopen, sendto(fresh, data, 4, MSG_FASTOPEN, p, 16))
CALL(recvfrom_data, recvfrom(receiver, p, 8, 0, NULL, NULL))
CALL(recvfrom_address, recvfrom(receiver, data, 8, 0, p, &length_16))
CALL(recvfrom_length, recvfrom(receiver, data, 8, 0, &at_server.any, p))
CALL(recvfrom_stream_data, recvfrom(peer, p, 6, 0, NULL, NULL))
CALL(recvfrom_stream_address, recvfrom(peer, data, 6, 0, p, &length_16))
CALL(recvfrom_stream_length, recvfrom(peer, data, 6, 0, &at_server.any, p))
CALL(pair_array, socketpair(AF_UNIX, SOCK_STREAM, 0, p))
CALL(ioctl_readable, ioctl(receiver, FIONREAD, p))
CALL(ioctl_unsent, ioctl(client, SIOCOUTQ, p))
CALL(ioctl_nonblocking, ioctl(client, FIONBIO, p))
CALL(ioctl_interface, ioctl(client, SIOCGIFNAME, p))
CALL(fcntl_get_owner, fcntl(client, F_GETOWN_EX, p))
CALL(fcntl_set_owner, fcntl(client, F_SETOWN_EX, p))

static long epoll_event_add(void *p) {
    return epoll_ctl(CHECK(epoll_create1(0)), EPOLL_CTL_ADD, client, p);
}
static long epoll_event_fresh(void *p) {
    return epoll_ctl(CHECK(epoll_create1(0)), EPOLL_CTL_ADD, fresh, p);
}

static const struct slot slots[] = {
    {"bind, stream: address", 16, give_free, bind_stream},
    {"bind, datagram: address", 16, give_free, bind_datagram},
    {"connect, stream: address", 16, give_server, connect_stream},
    {"connect, connected: address", 16, give_server, connect_connected},
    {"connect, datagram: address", 16, give_receiver, connect_datagram},
    {"connect, has sent: address", 16, give_receiver, connect_named},
    {"accept: address", 16, give_nothing, accept_address},
    {"accept: length", 4, give_16, accept_length},
    {"accept4: address", 16, give_nothing, accept4_address},
    {"accept4: length", 4, give_16, accept4_length},
    {"getsockname, stream: address", 16, give_nothing, name_stream},
    {"getsockname, stream: length", 4, give_16, name_stream_length},
    {"getsockname, new: address", 16, give_nothing, name_fresh},
    {"getsockname, new: length", 4, give_16, name_fresh_length},
    {"getsockname, datagram: address", 16, give_nothing, name_receiver},
    {"getsockname, datagram: length", 4, give_16, name_receiver_length},
    {"getpeername, stream: address", 16, give_nothing, peer_stream},
    {"getpeername, stream: length", 4, give_16, peer_stream_length},
    {"getpeername, accepted: address", 16, give_nothing, peer_accepted},
    {"getpeername, datagram: address", 16, give_nothing, peer_joined},
    {"getpeername, datagram: length", 4, give_16, peer_joined_length},
    {"getpeername, new: address", 16, give_nothing, peer_fresh},
    {"sendto: data", 4, give_1, sendto_data},
    {"sendto, new: address", 16, give_receiver, sendto_address_fresh},
    {"sendto, has sent: address", 16, give_receiver, sendto_address_named},
    {"sendto, bound: address", 16, give_receiver, sendto_address_bound},
    {"sendto, connected: address", 16, give_receiver, sendto_address_joined},
    {"sendto, stream: data", 4, give_1, sendto_data_stream},
    {"sendto, stream: address", 16, give_server, sendto_address_stream},
    {"sendto, MSG_FASTOPEN: address", 16, give_server, sendto_fastopen},
    {"recvfrom: data", 8, give_nothing, recvfrom_data},
    {"recvfrom: address", 16, give_nothing, recvfrom_address},
    {"recvfrom: length", 4, give_16, recvfrom_length},
    {"recvfrom, stream: data", 6, give_nothing, recvfrom_stream_data},
    {"recvfrom, stream: address", 16, give_nothing, recvfrom_stream_address},
    {"recvfrom, stream: length", 4, give_16, recvfrom_stream_length},
    {"socketpair: array", 8, give_nothing, pair_array},
    {"epoll_ctl, stream: event", sizeof(struct epoll_event), give_event, epoll_event_add},
    {"epoll_ctl, new: event", sizeof(struct epoll_event), give_event, epoll_event_fresh},
    {"ioctl FIONREAD", 4, give_nothing, ioctl_readable},
    {"ioctl SIOCOUTQ", 4, give_nothing, ioctl_unsent},
    {"ioctl FIONBIO", 4, give_1, ioctl_nonblocking},
    {"ioctl SIOCGIFNAME", sizeof(struct ifreq), give_interface, ioctl_interface},
    {"fcntl F_GETOWN_EX", sizeof(struct f_owner_ex), give_nothing, fcntl_get_owner},
    {"fcntl F_SETOWN_EX", sizeof(struct f_owner_ex), give_owner, fcntl_set_owner},
};

int main(void) {
    probe_start();
    TELL_ALL(slots);
    return 0;
}
