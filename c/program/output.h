/* Standard output of the library as a program: text, and strings of JSON. */
#ifndef UNSOCK_OUTPUT_H
#define UNSOCK_OUTPUT_H

#include "rt/text.h"

#include <stddef.h>

/* Writes all of it to descriptor 1. Returns 0 or -errno: a part of it may be written then. */
long unsock_output(const char *bytes, size_t size);

/* Text of any length, written in pieces. */
struct unsock_printer {
    char buffer[4096];
    size_t used;
    long result; /* -errno of the first that failed */
};

void unsock_printer_char(struct unsock_printer *printer, char c);
void unsock_printer_put(struct unsock_printer *printer, const char *text);

/* Writes what is left. Returns 0 or -errno. */
long unsock_printer_end(struct unsock_printer *printer);

/*
 * What the program ends with after that: `status` where the result is 0; else `failed`, with one line in `error`, or
 * without one where nobody reads it any more (EPIPE).
 */
int unsock_output_status(long result, int status, int failed, struct unsock_text *error);

/* Prints parts, which NULL ends, as one string; bytes that are no UTF-8 become U+FFFD. */
void unsock_printer_json(struct unsock_printer *printer, const char *const *parts);

#endif
