/* Runs a program of socket calls, one a line, in up to four processes in turn. Each line of output has the result of a
 * call. A line that begins with "-" tells the program's reader something, and is no call. */
#ifndef INTERPRETER_H
#define INTERPRETER_H
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
    WORKERS = 4,
    SLOTS = 10,
    WORDS = 6,
    LINE = 400,
    /* Data that has not come by then never comes: all peers are done before. */
    PATIENCE_MS = 15,
};

/** One call: its words, and what it printed. */
struct line {
    char *word[WORDS];
    int words;
    char text[LINE];
    char result[LINE];
};

/** Descriptors of this process by their letters, -1 where a letter has none. */
extern int slots[SLOTS];

/** Appends to a line's result. */
void say(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Says how a call ended: its value, or its errno's name. Returns the value. */
long ended(struct line *line, long value);

/** Returns the slot that a word names. */
int slot_of(const char *word);

/** An address that a call gets. */
struct given {
    char room[256];
    const struct sockaddr *at;
    socklen_t size;
};

/** Reads an address, "127.0.0.1:80" or "[::1]:80", or a word: "sender" for the last one that a receive gave, or a word
 * for a wrong address. */
void read_address(const char *word, struct given *given);

/** Where a call writes an address or an option's value. */
struct taken {
    struct sockaddr_storage room;
    void *at;
    socklen_t size;
    socklen_t *size_at;
};

/** Prepares the place as a word says; NULL: a good one. */
void prepare_place(const char *word, struct taken *taken);

/** Keeps the sender that a receive has given. */
void note_sender(const struct taken *from);

/** Returns the bytes that a word names: itself, or memory that cannot be read or written ("fault"). */
char *bytes_of(const char *word, char *bytes);

/** Gets or sets an option. */
void do_option(struct line *line, int *fd);

/** Says an address of this size, of which the place may have a part. */
void say_address(struct line *line, const struct taken *taken);

/** Returns an errno's name, the same with every libc. */
const char *name_of_error(int number);

/** Says that a descriptor was made, or why not. */
void made(struct line *line, int fd);

/** Opens a socket, and what is no socket or is not the library's. */
void make_socket(struct line *line, int *fd);
void open_other(struct line *line, int *fd);
void make_pair(struct line *line, int *fd);

/** Has a plain sender's address be the file of its port, under the library. */
void lead_plain(int fd, struct given *to);

/** Returns whether the program runs under the library. */
int is_redirected(void);

/** Returns whether a call that would wait may be made; says so where not. */
int is_ready(struct line *line, int fd);

/** Sends, receives, and moves data between descriptors. */
void do_send(struct line *line, int *fd);
void do_burst(struct line *line, int *fd);
void do_send_file(struct line *line, int *fd);
void do_receive(struct line *line, int *fd);
void do_splice_in(struct line *line, int *fd);

/** Calls of descriptors: duplicates, ends, and the requests of fcntl and ioctl. */
void do_dup(struct line *line, int *fd);
void do_steal(struct line *line, int *fd);
void do_close(struct line *line, int *fd);
void do_request(struct line *line, int *fd);

/** Waits for one or more descriptors: poll, ppoll, select. */
void do_poll(struct line *line, int *fd);

/** Makes an epoll set, or changes a registration in it. */
void do_epoll(struct line *line, int *fd);

/** Waits for the events of an epoll set. */
void do_wait(struct line *line, int *fd);

/** Does one call of a socket. Returns whether there is such a call. */
int do_call(struct line *line);

#endif
