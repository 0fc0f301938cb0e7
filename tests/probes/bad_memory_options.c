/* Invalid memory in getsockopt and setsockopt. */
#include "bad_memory.h"

static char data[128];

static int *option_socket, option_level, option_name;
static socklen_t option_length;
CALL(get_value, getsockopt(*option_socket, option_level, option_name, p, &option_length))
CALL(get_length, getsockopt(*option_socket, option_level, option_name, data, p))
CALL(set_value, setsockopt(*option_socket, option_level, option_name, p, option_length))

/* Getting with a pointer to each, and setting; by the state of the socket. */
static void options(void) {
    static const struct {
        const char *name;
        int *socket, level, option;
        socklen_t length;
        void (*give)(void *at);
    } all[] = {
        {"TCP_NODELAY", &client, IPPROTO_TCP, TCP_NODELAY, 4, give_1},
        {"TCP_NODELAY, new", &fresh, IPPROTO_TCP, TCP_NODELAY, 4, give_1},
        {"TCP_KEEPIDLE", &client, IPPROTO_TCP, TCP_KEEPIDLE, 4, give_1},
        {"TCP_CONGESTION", &client, IPPROTO_TCP, TCP_CONGESTION, 5, give_name},
        {"TCP_INFO", &client, IPPROTO_TCP, TCP_INFO, 104, give_nothing},
        {"TCP_MAXSEG", &client, IPPROTO_TCP, TCP_MAXSEG, 4, give_nothing},
        {"TCP_DEFER_ACCEPT", &client, IPPROTO_TCP, TCP_DEFER_ACCEPT, 4, give_1},
        {"SO_TYPE", &client, SOL_SOCKET, SO_TYPE, 4, give_1},
        {"SO_DOMAIN", &client, SOL_SOCKET, SO_DOMAIN, 4, give_1},
        {"SO_ERROR", &client, SOL_SOCKET, SO_ERROR, 4, give_1},
        {"SO_KEEPALIVE", &client, SOL_SOCKET, SO_KEEPALIVE, 4, give_1},
        {"SO_REUSEPORT", &client, SOL_SOCKET, SO_REUSEPORT, 4, give_1},
        {"SO_LINGER", &client, SOL_SOCKET, SO_LINGER, 8, give_linger},
        {"SO_RCVTIMEO", &client, SOL_SOCKET, SO_RCVTIMEO, 16, give_time},
        {"SO_PEERCRED", &client, SOL_SOCKET, SO_PEERCRED, 12, give_nothing},
        {"SO_SNDTIMEO, datagram", &receiver, SOL_SOCKET, SO_SNDTIMEO, 16, give_time},
        {"SO_SNDBUF, datagram", &receiver, SOL_SOCKET, SO_SNDBUF, 4, give_1},
        {"SO_BROADCAST, datagram", &receiver, SOL_SOCKET, SO_BROADCAST, 4, give_1},
        {"SO_PEEK_OFF, datagram", &receiver, SOL_SOCKET, SO_PEEK_OFF, 4, give_1},
        {"IP_TOS", &client, IPPROTO_IP, IP_TOS, 4, give_4},
        {"IP_PKTINFO, datagram", &receiver, IPPROTO_IP, IP_PKTINFO, 4, give_1},
        {"IP_MTU", &client, IPPROTO_IP, IP_MTU, 4, give_1},
        {"nonsense", &client, IPPROTO_TCP, 9999, 4, give_1},
    };
    static char value[64], length[64], setting[64];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        snprintf(value, sizeof value, "getsockopt %s: value", all[i].name);
        snprintf(length, sizeof length, "getsockopt %s: length", all[i].name);
        snprintf(setting, sizeof setting, "setsockopt %s: value", all[i].name);
        const struct slot three[] = {
            {value, all[i].length, give_nothing, get_value},
            {length, 4, give_4, get_length},
            {setting, all[i].length, all[i].give, set_value},
        };
        option_level = all[i].level;
        option_name = all[i].option;
        for (int j = 0; j < 3; j++)
            for (int kind = 0; kind < KINDS; kind++) {
                option_length = all[i].length;
                option_socket = all[i].socket;
                tell(&three[j], (enum kind)kind);
            }
    }
}

int main(void) {
    probe_start();
    options();
    return 0;
}
