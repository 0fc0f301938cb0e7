/* The options that the library remembers, and the memory for their values. */
#ifndef UNSOCK_OPTION_TABLE_H
#define UNSOCK_OPTION_TABLE_H

#include "memory/fds.h"
#include "rt/system_calls.h"

#define UNSOCK_SO_PEERPIDFD 77 /* since 6.5 */

enum unsock_option_row_kind {
    UNSOCK_OPTION_KERNEL,  /* SOL_SOCKET: the kernel keeps the value; the bit says that the program set it */
    UNSOCK_OPTION_APPLIED, /* SOL_SOCKET flags without effect on AF_UNIX: set in the kernel, read back from the bit */
    UNSOCK_OPTION_FLAG,    /* on or off: the bit says that it differs from `initial` */
    UNSOCK_OPTION_NUMBER,  /* a number in the values: the bit says that the program set it */
    UNSOCK_OPTION_TEXT,    /* TCP_CONGESTION: UNSOCK_OPTION_TEXT_SIZE bytes in the values */
};

#define UNSOCK_OPTION_TEXT_SIZE 16
struct unsock_option_row {
    int16_t level;
    int16_t name;
    uint8_t kind;
    uint8_t value;   /* index in the values */
    uint8_t simple;  /* 1: a stream's setsockopt checks only that the value is in least..most, without a system call */
    int32_t initial; /* FLAG, or simple: the value of a new socket */
    int32_t least;
    int32_t most;
};

#define UNSOCK_OPTION_VALUES 40

#define UNSOCK_OPTION_LINGER 3
#define UNSOCK_OPTION_LINGERS ((uint64_t)1 << UNSOCK_OPTION_LINGER) /* in unsock_fd.options: SO_LINGER was set */

/* The rows from here on are options that few programs set: their bits are not in unsock_fd.options. */
#define UNSOCK_OPTION_RARE 60

/* A bit of unsock_fd.options: the program has set rare options, which unsock_option_memory.rare lists. If the
 * descriptor has no such memory, any rare option may have been set. */
#define UNSOCK_OPTION_SOME_RARE ((uint64_t)1 << 63)

/* The rest of a descriptor's options, beside unsock_fd.options; valid if the entry's flags have UNSOCK_OPTIONS. */
struct unsock_option_memory {
    uint64_t rare; /* one bit for each rare row: the program set it */
    int32_t values[UNSOCK_OPTION_VALUES];
};

extern const struct unsock_option_row unsock_option_table[];

int unsock_option_find(int level, int name);

/* Returns a descriptor's memory. NULL if it has none and `create` is false, or if there is no room. */
struct unsock_option_memory *unsock_option_memory(int fd, bool create);

/* True if the row's bit is set: the program set the option, or a flag differs from its initial value. */
bool unsock_option_is_set(int fd, const struct unsock_fd *entry, int row);

void unsock_option_mark(int fd, struct unsock_fd *entry, int row, bool set);

uint64_t unsock_option_rare(int fd, const struct unsock_fd *entry);

/* The options of an unknown descriptor: all may have been set. */
#define UNSOCK_OPTION_ALL ((((uint64_t)1 << UNSOCK_OPTION_RARE) - 1) | UNSOCK_OPTION_SOME_RARE)

/* Stores a value of sizeof(int32_t) bytes, or TCP_CONGESTION's text. */
void unsock_option_remember(int fd, struct unsock_fd *entry, int row, const int32_t *value);

const int32_t *unsock_option_recall(int fd, const struct unsock_fd *entry, int row);

void unsock_option_copy(int from, int to);

/* Returns a flag's value, or the number that the program set (0: none). For an IP socket, returns the kernel's value if
 * the program set the option, else 0. */
int32_t unsock_option_number(int fd, const struct unsock_fd *entry, int level, int name);

/* True if this flag (SO_REUSEPORT, IPV6_V6ONLY, IP_PKTINFO, …) is on. Works for every kind of descriptor. */
static inline bool unsock_option_flag(int fd, const struct unsock_fd *entry, int level, int name) {
    return unsock_option_number(fd, entry, level, name) != 0;
}

#endif
