/* The settings, and which addresses they cover. */
#ifndef UNSOCK_RULES_SETTINGS_H
#define UNSOCK_RULES_SETTINGS_H

#include "rt/libc.h"
#include "rules/environment.h"
#include "rules/ip.h"

/*
 * settings.c: The settings: read once from the UNSOCK_* environment, then never changed (but by unsock_configure, for
 * tests). A value that cannot be read ends the process before main: nobody may believe that traffic is off the network
 * when it is not.
 */

#define UNSOCK_RANGES 64
#define UNSOCK_DIR_MOST 90 /* leaves room for /65535.dgram.sock and the NUL in sun_path */
#define UNSOCK_DIR_ROOM 96 /* whole pieces of 16 bytes */
#define UNSOCK_LOG_MOST 255

struct unsock_prefix {
    struct unsock_ip ip;
    unsigned bits;
};

struct unsock_ports {
    uint16_t first;
    uint16_t last;
};

enum unsock_engine {
    UNSOCK_ENGINE_AUTO,    /* by preloading; what that cannot reach, by trapping its system calls */
    UNSOCK_ENGINE_TRAP,    /* all programs by trapping */
    UNSOCK_ENGINE_PRELOAD, /* none by trapping */
};

enum unsock_log_to { UNSOCK_LOG_OFF, UNSOCK_LOG_STDERR, UNSOCK_LOG_FILE };

/* The members that every call needs come first, in few cache lines. */
struct unsock_settings {
    _Alignas(64) unsigned address_count;
    unsigned port_count;
    enum unsock_log_to log;
    bool block_inet;
    bool block_inet6;
    bool convert_all;
    bool convert_vsock;
    bool fallback;
    bool one_address; /* an address that nobody has leads to whoever has the port */
    bool strict;      /* a program that cannot be reached is not started */
    bool trust;       /* the directory, though others could put another in its place */
    bool off;         /* nothing is done in this process, nor put back into its children's environment */
    uint8_t engine;   /* enum unsock_engine */
    bool patch;       /* code may be changed (trap/image.h, preload/inside.c) */
    int mode;         /* of created socket files; -1: as the umask says */
    unsigned connect_timeout_ms;
    struct unsock_ip default4; /* the address that IPv4 peers without one of their own have */
    struct unsock_ip default6; /* the same for IPv6; an IPv4 address where no IPv6 one is listed */
    /* Converted peers have addresses of this range, each machine one; family 0: the default. */
    struct unsock_prefix accept_as;
    char directory[UNSOCK_DIR_ROOM]; /* absolute, no slash at the end */
    size_t directory_length;
    struct unsock_prefix addresses[UNSOCK_RANGES];
    struct unsock_ports ports[UNSOCK_RANGES]; /* none: all ports */
    char log_file[UNSOCK_LOG_MOST + 1];
};

/* Reads the settings. Returns false with one line, "NAME: what is wrong: "value"", in `error`. No system call. */
bool unsock_settings_read(const struct unsock_environment *environment, struct unsock_settings *settings,
                          struct unsock_text *error);

/* The settings in force. Only meaningful while the library is active (process/start.h). */
extern struct unsock_settings unsock_settings;

/* address.c: Which IP addresses are redirected. Pure. */

/* True if this address is redirected, with `port` in the place of its own; port 0 asks for the address alone. */
bool unsock_address_covered_at(const struct unsock_ip *ip, uint16_t port);

static inline bool unsock_address_covered(const struct unsock_ip *ip) {
    return unsock_address_covered_at(ip, ip->port);
}

/* The same for a bind: a wildcard [::] that is not IPV6_V6ONLY is also the IPv4 wildcard. */
bool unsock_address_covered_bind(const struct unsock_ip *ip, bool v6only);

/* The address that peers without one of their own have for a socket of `domain`. */
struct unsock_ip unsock_address_default(int domain, uint16_t port);

/* The address of machine `number` in a range of IPv4 addresses: by the number itself where that fits. */
struct unsock_ip unsock_address_in_range(const struct unsock_prefix *range, uint32_t number, uint16_t port);

/*
 * The own address of a connection that a listener accepted. `bound`: the listener's. `claimed`: the one that the peer
 * says that it connected to: it counts where the listener has many, if it is one of those; a peer could have connected
 * to that as well.
 */
struct unsock_ip unsock_address_accepted(const struct unsock_ip *bound, const struct unsock_ip *claimed);

#endif
