/* A text file of the kernel's, line by line, in a buffer of the caller's. */
#ifndef UNSOCK_RT_LINES_H
#define UNSOCK_RT_LINES_H

#include "rt/text.h"

#define UNSOCK_LINES_CHUNK 512 /* calls may run on small stacks */

struct unsock_lines {
    long fd;       /* or -errno: then there is no line */
    bool too_long; /* what comes next is the rest of a line that is left out */
    bool failed;   /* the last line was not the file's last one */
    bool skipped;  /* one has been left out */
    size_t used;
    size_t filled;
    char buffer[UNSOCK_LINES_CHUNK];
};

void unsock_lines_open(struct unsock_lines *lines, const char *path);

/* The next line, without its end, good until the next call. A line longer than the buffer is left out. */
bool unsock_lines_next(struct unsock_lines *lines, struct unsock_span *line);

void unsock_lines_close(struct unsock_lines *lines);

/* Cuts the next word off the front of a line: blanks in front of it are skipped. Empty when there is none. */
struct unsock_span unsock_lines_word(struct unsock_span *line);

#endif
