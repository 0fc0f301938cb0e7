/* The settings, and the addresses that they cover. */
#ifndef UNSOCK_RULES_SETTINGS_H
#define UNSOCK_RULES_SETTINGS_H

#include "rt/libc.h"
#include "rules/environment.h"
#include "rules/ip.h"

/* settings.c: Reads the settings, once, from the UNSOCK_* environment. Once the library is active, only a visit to
 * another directory (files/directory.h) and unsock_configure change them. In a program under unsock, an invalid value
 * ends the process before main: the user must not believe that traffic stays off the network if it does not. */

#define UNSOCK_RANGES 64
#define UNSOCK_DIR_MOST 90 /* leaves room for /65535.dgram.sock and the NUL in sun_path */
#define UNSOCK_DIR_ROOM 96 /* whole pieces of 16 bytes */
#define UNSOCK_LOG_MOST 255
#define UNSOCK_EACH_WIDTH 7 /* digits of a process's number, in UNSOCK_EACH and in a worker's directory */
#define UNSOCK_EACH_MOST 9999999

struct unsock_prefix {
    struct unsock_ip ip;
    unsigned bits;
};

struct unsock_ports {
    uint16_t first;
    uint16_t last;
};

enum unsock_engine {
    UNSOCK_ENGINE_AUTO,    /* preload, and trap the system calls of programs that preloading does not reach */
    UNSOCK_ENGINE_TRAP,    /* trap the system calls of all programs */
    UNSOCK_ENGINE_PRELOAD, /* only preload */
};

enum unsock_log_to { UNSOCK_LOG_OFF, UNSOCK_LOG_STDERR, UNSOCK_LOG_FILE };

/* The members that every call uses come first, in few cache lines. */
struct unsock_settings {
    _Alignas(64) unsigned address_count;
    unsigned port_count;
    enum unsock_log_to log;
    bool block_inet;
    bool block_inet6;
    bool convert_all;
    bool convert_vsock;
    bool fallback;
    bool one_address; /* an address without a server is served by another socket of the port */
    bool strict;      /* a program out of reach is not started */
    bool trust;       /* use the directory even if other users could replace it */
    bool off;         /* do nothing in this process, and add nothing to its children's environment */
    uint8_t engine;   /* enum unsock_engine */
    bool patch;       /* code may be rewritten (trap/image.h, preload/inside.c) */
    int mode;         /* of new socket files; -1: as the umask says */
    unsigned connect_timeout_ms;
    struct unsock_ip default4; /* the address of IPv4 peers that have none of their own */
    struct unsock_ip default6; /* the same for IPv6 peers; an IPv4 address if UNSOCK_ADDR names no IPv6 address */
    /* Accepted vsock and TIPC peers get addresses in this range, one per machine; family 0: the default address. */
    struct unsock_prefix accept_as;
    char directory[UNSOCK_DIR_ROOM]; /* absolute, without a slash at the end */
    size_t directory_length;
    struct unsock_prefix addresses[UNSOCK_RANGES];
    struct unsock_ports ports[UNSOCK_RANGES]; /* none: all ports */
    char log_file[UNSOCK_LOG_MOST + 1];
};

/* Reads the settings. Returns false with one line, "NAME: what is wrong: "value"", in `error`. Makes no system call. */
bool unsock_settings_read(const char *const *environment, struct unsock_settings *settings, struct unsock_text *error);

/* The settings in force. Valid only while the library is active (process/start.h). */
extern struct unsock_settings unsock_settings;

/* address.c: Decides which IP addresses are covered. Pure. */

bool unsock_address_covers_port(uint16_t port); /* 0 is always covered */

/* True if the address would be covered with `port` instead of its own port. */
bool unsock_address_covered_at(const struct unsock_ip *ip, uint16_t port);

static inline bool unsock_address_covered(const struct unsock_ip *ip) {
    return unsock_address_covered_at(ip, ip->port);
}

/* As unsock_address_covered, for a bind: a wildcard [::] without IPV6_V6ONLY is also the IPv4 wildcard. */
bool unsock_address_covered_bind(const struct unsock_ip *ip, bool v6only);

/* Returns the address that a socket of `domain` shows for peers without an IP address. */
struct unsock_ip unsock_address_default(int domain, uint16_t port);

/* Returns the address in an IPv4 range for vsock or TIPC machine `number`, which becomes the host part if it fits. */
struct unsock_ip unsock_address_in_range(const struct unsock_prefix *range, uint32_t number, uint16_t port);

/* Returns the local address of an accepted connection: `bound`, the listener's address. If `bound` is a wildcard,
 * returns the destination that the peer claims, `claimed`, if this address is covered and has the port of `bound`: the
 * peer could have connected there, too. For any other claim, returns the default address. */
struct unsock_ip unsock_address_accepted(const struct unsock_ip *bound, const struct unsock_ip *claimed);

#endif
