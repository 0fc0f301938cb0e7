/* Runs a program of socket calls, one a line, in up to four processes in turn. Each line of output has the result of a
 * call. */
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

/** Reads an address, "127.0.0.1:80" or "[::1]:80". Returns its size, 0 for none ("-"). */
socklen_t read_address(const char *word, struct sockaddr_storage *address);

/** Says an address. */
void say_address(struct line *line, const struct sockaddr_storage *address, socklen_t size);

/** Does one call of a socket. Returns whether there is such a call. */
int do_call(struct line *line);

#endif
