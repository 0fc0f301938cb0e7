/* The interface of libunsock.so besides the intercepted socket calls: the format of a control file, and the functions
 * that the tests, the command line's self-test and embedding programs call by name. */
#ifndef UNSOCK_H
#define UNSOCK_H

#include <stddef.h>
#include <stdint.h>

#define UNSOCK_VERSION "2.1.0-dev"

/* The bytes of a control file: struct unsock_control_file, little-endian, as in unsock 1.1. */
#define UNSOCK_CONTROL_MAGIC 0x4b534e55u
#define UNSOCK_CONTROL_SIZE 452
#define UNSOCK_CONTROL_FIRECRACKER 1u
#define UNSOCK_CONTROL_ADDRESS_SIZE 128
#define UNSOCK_CONTROL_SOCKOPTS 4
#define UNSOCK_CONTROL_SOCKOPT_SIZE 32
#define UNSOCK_CONTROL_NOBODY "/dev/null" /* a target of AF_UNIX where there is never a socket */

/* An entry of `sockopts` with group 0 and this key decides when the target gets a half-close: at once if the first byte
 * of its value is 2, else when the socket is closed. unsock 1.1 skips the entry. Without it, AF_TIPC and Firecracker's
 * multiplexer get a half-close at the close, since an earlier one would lose the server's answer; others at once. */
#define UNSOCK_CONTROL_HALF_CLOSE 0x666c6168u
#define UNSOCK_CONTROL_HALF_CLOSE_HOLD 1
#define UNSOCK_CONTROL_HALF_CLOSE_PASS 2

struct unsock_control_sockopt {
    uint32_t group; /* setsockopt's level; an empty slot has 0 here and in key */
    uint32_t key;   /* setsockopt's option name */
    uint8_t value[UNSOCK_CONTROL_SOCKOPT_SIZE];
};

struct unsock_control_file {
    uint64_t magic;
    uint64_t options;
    uint32_t proxy_length; /* bytes used of proxy */
    uint32_t dest_length;  /* bytes used of dest */
    uint32_t options_count;
    uint32_t reserved;
    uint8_t proxy[UNSOCK_CONTROL_ADDRESS_SIZE]; /* sockaddr_un of a Firecracker multiplexer, or zero */
    uint8_t dest[UNSOCK_CONTROL_ADDRESS_SIZE];  /* the real destination */
    struct unsock_control_sockopt sockopts[UNSOCK_CONTROL_SOCKOPTS];
    uint32_t reserved_end;
} __attribute__((packed));

_Static_assert(sizeof(struct unsock_control_file) == UNSOCK_CONTROL_SIZE, "the control file is 452 bytes");

#define UNSOCK_EXPORT __attribute__((visibility("default")))

/* Returns UNSOCK_VERSION, a NUL-terminated string that lives as long as the library. */
UNSOCK_EXPORT const char *unsock_version(void);

/* Replaces the settings by those in `environment`: NAME=VALUE strings, each ended by a NUL, `length` bytes in all. Not
 * for use while other threads make socket calls. Returns 0. On failure returns -EINVAL, writes the reason to `error`
 * (one NUL-terminated line of at most `size` bytes, without a newline), and leaves the settings unchanged. */
UNSOCK_EXPORT int unsock_configure(const char *environment, size_t length, char *error, size_t size);

/* Returns 1 when the settings redirect this address (a sockaddr_in or sockaddr_in6 of `length` bytes), else 0. */
UNSOCK_EXPORT int unsock_covers(const void *address, uint32_t length);

/* Writes the NUL-terminated path of the socket file for `port` (host byte order) into `path`: type 1 (SOCK_STREAM)
 * gives DIR/PORT.sock, type 2 (SOCK_DGRAM) DIR/PORT.dgram.sock. Returns its length, or -EINVAL (no directory, another
 * type) or -ENAMETOOLONG (`size` too small). */
UNSOCK_EXPORT int unsock_path(uint16_t port, int type, char *path, size_t size);

/* Returns 0 when these bytes are a valid control file, else -EINVAL. Never reads beyond `length`. */
UNSOCK_EXPORT int unsock_check_control(const void *bytes, size_t length);

/* Locks the directory of `path` (absolute), and checks whether the file at `path`, a socket file or another file of
 * unsock's, is stale. Removes a stale file if `remove` is not 0. Returns 1 if the file is stale; 0 if it is not, or may
 * be live, or does not exist; -EINVAL if `path` is no possible path; else -errno: -EACCES if the directory is not
 * writable, -EPERM if the file may not be removed, -EADDRINUSE if other processes keep the directory locked. */
UNSOCK_EXPORT int unsock_prune(const char *path, int remove);

/* Returns the name of the intercepted function number `index`, from 0 on, or NULL after the last. */
UNSOCK_EXPORT const char *unsock_call_name(unsigned index);

/* Calls execve(2), for a runtime that lacks it. Returns only after a failure, with the reason in `why`. */
UNSOCK_EXPORT void unsock_execute(const char *file, const char *const *argv, const char *const *environment, char *why,
                                  size_t size);

/* Returns the errno with which an intercepted function (bind, connect …) last failed in this process; 0 if none has.
 * For callers that cannot read errno, such as a foreign-function interface. Inexact if several threads fail at once. */
UNSOCK_EXPORT int unsock_last_error(void);

#endif
