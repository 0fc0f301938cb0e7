/*
 * What the outside sees of libunsock.so besides the socket calls that it intercepts: the control file's format and the
 * functions that tests, the command line's self-test and embedding programs call by name.
 */
#ifndef UNSOCK_H
#define UNSOCK_H

#include <stddef.h>
#include <stdint.h>

#define UNSOCK_VERSION "2.1.0-dev"

/* A control file is exactly this structure, little-endian, byte-compatible with unsock 1.1. */
#define UNSOCK_CONTROL_MAGIC 0x4b534e55u
#define UNSOCK_CONTROL_SIZE 452
#define UNSOCK_CONTROL_FIRECRACKER 1u
#define UNSOCK_CONTROL_ADDRESS_SIZE 128
#define UNSOCK_CONTROL_SOCKOPTS 4
#define UNSOCK_CONTROL_SOCKOPT_SIZE 32
#define UNSOCK_CONTROL_NOBODY "/dev/null" /* an AF_UNIX destination where no socket is, nor will be */

/*
 * An empty slot (group 0) with this key tells what becomes of a half-close, by the first byte of its value: 1, it is
 * held back until the socket is closed; 2, it is passed on. unsock 1.1 reads over it. Without one it is held back where
 * it would take the answer away: by a multiplexer, and over AF_TIPC.
 */
#define UNSOCK_CONTROL_HALF_CLOSE 0x666c6168u
#define UNSOCK_CONTROL_HALF_CLOSE_HOLD 1
#define UNSOCK_CONTROL_HALF_CLOSE_PASS 2

struct unsock_control_sockopt {
    uint32_t group; /* setsockopt's level; 0 with key 0 is an empty slot */
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
    uint8_t dest[UNSOCK_CONTROL_ADDRESS_SIZE];  /* the real address */
    struct unsock_control_sockopt sockopts[UNSOCK_CONTROL_SOCKOPTS];
    uint32_t reserved_end;
} __attribute__((packed));

_Static_assert(sizeof(struct unsock_control_file) == UNSOCK_CONTROL_SIZE, "the control file is 452 bytes");

#define UNSOCK_EXPORT __attribute__((visibility("default")))

/* Returns UNSOCK_VERSION, a NUL-terminated string that lives as long as the library. */
UNSOCK_EXPORT const char *unsock_version(void);

/*
 * Replaces the settings by those in `environment`: NAME=VALUE strings, each ended by a NUL, `length` bytes in all.
 * Not for use while other threads make socket calls. Returns 0, or -EINVAL with one line about what is wrong (no
 * newline, always NUL-terminated within `size` bytes) in `error`; the settings are then as they were.
 */
UNSOCK_EXPORT int unsock_configure(const char *environment, size_t length, char *error, size_t size);

/* Returns 1 when the settings redirect this address (a sockaddr_in or sockaddr_in6 of `length` bytes), else 0. */
UNSOCK_EXPORT int unsock_covers(const void *address, uint32_t length);

/*
 * Writes the NUL-terminated path of the socket file for `port` (host byte order) into `path`: type 1 (SOCK_STREAM)
 * gives DIR/PORT.sock, type 2 (SOCK_DGRAM) DIR/PORT.dgram.sock. Returns its length, or -EINVAL (no directory, another
 * type) or -ENAMETOOLONG (`size` too small).
 */
UNSOCK_EXPORT int unsock_path(uint16_t port, int type, char *path, size_t size);

/* Returns 0 when these bytes are a valid control file, else -EINVAL. Never reads beyond `length`. */
UNSOCK_EXPORT int unsock_check_control(const void *bytes, size_t length);

/*
 * What a control file says, as JSON (docs/json.md, and `proxyWords`, `destinationWords`: its addresses in words) in
 * `text`. Returns 0; -EINVAL when these bytes are none, and why in `text`; or -ENOBUFS when `size` is too small.
 */
UNSOCK_EXPORT int unsock_control_explain(const void *bytes, size_t length, char *text, size_t size);

/*
 * Fills `bytes` (452) with the control file that the UNSOCK_* variables in `environment` (as for unsock_configure)
 * describe. Returns 0, or -EINVAL with one line in `error`.
 */
UNSOCK_EXPORT int unsock_make_control(const char *environment, size_t length, void *bytes, char *error, size_t size);

/*
 * Looks, with its directory locked, whether nobody is bound to the socket file at `path` (absolute), and removes it
 * then if `remove` is not 0. Returns 1 when it is left over, 0 when it is not, or that cannot be known, or no socket is
 * there; -EINVAL for a path that can be none, or -errno: -EACCES where the directory may not be written to, -EPERM
 * where the file may not be taken away, -EADDRINUSE when others have it locked all the time.
 */
UNSOCK_EXPORT int unsock_prune(const char *path, int remove);

/*
 * What the names in the directory of socket files at the absolute path `directory` say (c/files/directory.h); of
 * all ports, or of one. Writes a line "NAME<TAB>PORT<TAB>KIND<TAB>WHAT<TAB>FAMILIES<TAB>ADDRESS<TAB>ASKED" for each
 * name that is the library's into `text`. PORT is 0 for what is of no port. KIND is stream or datagram. WHAT is plain,
 * port, first, listed, waiting, unlisted, record, next or inner. ADDRESS, by which the socket is bound, is empty where
 * the name does not tell it for certain; FAMILIES is both for [::] of both families, else one. ASKED is whom a datagram
 * client asks, or empty. Returns 0; -ENOBUFS when `size` is too small; or another -errno of reading the directory.
 */
UNSOCK_EXPORT int unsock_directory_list(const char *directory, uint16_t port, char *text, size_t size);

/*
 * Whose file in a directory of socket files the name is: returns the port, and writes 1 (SOCK_STREAM) or 2 (SOCK_DGRAM)
 * into `type`; 0 for any other name.
 */
UNSOCK_EXPORT int unsock_name_port(const char *name, int *type);

/*
 * Reads a port as users write it (c/program/answers.h). Returns the port and writes 1 (SOCK_STREAM) or 2
 * (SOCK_DGRAM) into `type`, and the address as people write it, or nothing, into `text`; or -EINVAL with one line in
 * `text`.
 */
UNSOCK_EXPORT int unsock_port_of(const char *word, int *type, char *text, size_t size);

/* The name of intercepted call number `index`, as exported; NULL after the last. */
UNSOCK_EXPORT const char *unsock_call_name(unsigned index);

/* The environment variable of setting number `index`; NULL after the last. */
UNSOCK_EXPORT const char *unsock_setting_name(unsigned index);

/*
 * `run` (c/program/run.h) of this very process, whose last `count` words, "run" the first, and whose environment are
 * read from /proc, after what the runtime has changed of it is put back. `library`: the one that is preloaded where
 * options and environment name none. Returns the exit status, with one line in `error`, or 0 when there was nothing to
 * start; -ENOTSUP for --help, or where /proc does not tell the words; else this process has become the command.
 */
UNSOCK_EXPORT int unsock_run_called(unsigned count, const char *library, char *error, size_t size);

/*
 * Becomes the library, executed as a program with this process's last `count` words, as unsock_run_called reads them.
 * Returns the exit status, with one line in `error`.
 */
UNSOCK_EXPORT int unsock_program_called(unsigned count, const char *library, char *error, size_t size);

/*
 * What unsock_run_called puts back of what the runtime of the command line has changed (c/program/caller.h), by the
 * text of /proc/PID/limits of this process and its parent, and its parent's status (NULL: unreadable): returns 1 when
 * SIGPIPE is to be ignored; writes the soft RLIMIT_NOFILE, or -1: as it is.
 */
UNSOCK_EXPORT int unsock_caller_state(const char *own_limits, const char *parent_limits, const char *parent_status,
                                      int64_t *soft_nofile);

/* The name of `run`'s option number `index`, without the dashes; NULL behind the last. */
UNSOCK_EXPORT const char *unsock_run_option_name(unsigned index);

/*
 * How a command would be reached: a line "DOOR<TAB>FILE<TAB>WHY" for each program on the way from the command, as it is
 * typed, to what really runs, into `text`. DOOR is preload, trap, none, script or unknown. `search`: the value of PATH,
 * NULL for none. Returns 0, or the exit status with which `run` would end, and what it would say.
 */
UNSOCK_EXPORT int unsock_route(const char *command, const char *search, char *text, size_t size);

/*
 * Proves that the library at the absolute `path` is this one and can be preloaded (c/process/start.h). Returns 0; 1
 * when this is root and another user could not read it; or -EINVAL with one line in `error`.
 */
UNSOCK_EXPORT int unsock_check_library(const char *path, char *error, size_t size);

/*
 * Looks whether what every redirected socket needs is allowed (c/process/sockets_allowed.h). Returns 0, or -EACCES with
 * one line in `error`.
 */
UNSOCK_EXPORT int unsock_check_sockets(char *error, size_t size);

/*
 * May a program of this file be rewritten where it makes its calls (c/trap/image.h)? Returns 0, or -errno: what the
 * kernel says of code that was written to, with its words in `error`.
 */
UNSOCK_EXPORT int unsock_check_rewriting(const char *path, char *error, size_t size);

/*
 * What `run` would set in this environment, with these options (blocks of strings, each ended by a NUL, without a
 * command): a string NAME=VALUE with its NUL for each setting and LD_PRELOAD, which gets `library` in front, into
 * `text`. UNSOCK_DIR is the directory that is chosen (c/process/run_directory.h). Returns 1 when somebody named that,
 * 0 when it is a default; or -EINVAL with one line in `text`.
 */
UNSOCK_EXPORT int unsock_run_settings(const char *words, size_t words_length, const char *environment, size_t length,
                                      const char *library, char *text, size_t size);

#define UNSOCK_DIRECTORY_ASKED 1 /* somebody named it */
#define UNSOCK_DIRECTORY_FORCE 2
#define UNSOCK_DIRECTORY_CHECK 4 /* it is there */
#define UNSOCK_DIRECTORY_PLACE 8 /* whether it is there or not: only who could put another in its place */

/*
 * Reads the values of --group and --dir-mode (NULL: not given; c/process/run_directory.h). Writes the group's number
 * (-1: none) and the mode into `numbers`. Returns 1; 0 when neither was given; or -EINVAL with one line in `error`.
 */
UNSOCK_EXPORT int unsock_directory_rights(const char *group, const char *mode, int64_t numbers[2], char *error,
                                          size_t size);

/*
 * Makes the directory of socket files at the absolute `path`, for those whom `group` and `mode` say (NULL: for this
 * user alone), where it is missing, and checks it (c/process/run_directory.h). Returns 1 when it was made, 0 when it
 * was there, or -EINVAL with one line in `error`.
 */
UNSOCK_EXPORT int unsock_directory_prepare(const char *path, int how, const char *group, const char *mode, char *error,
                                           size_t size);

/*
 * May a user (name or number; NULL: one who is nobody) do with the file what the bits say: read (4), write (2), execute
 * or enter (1)? With `group` 0 or above that is his group, instead of his own. A child with his rights tries it.
 * Returns 0, or -errno; 1 when that cannot be known: this process may not take them on, or he is not in /etc/passwd.
 */
UNSOCK_EXPORT int unsock_user_may(const char *user, int64_t group, const char *path, int rights);

/*
 * The errno of the last intercepted call of this process that failed inside the library (0: none yet). For callers
 * that cannot read errno, such as a foreign-function interface; not exact when several threads fail at once.
 */
UNSOCK_EXPORT int unsock_last_error(void);

#endif
