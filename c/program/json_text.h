/* Strings of JSON. */
#ifndef UNSOCK_JSON_TEXT_H
#define UNSOCK_JSON_TEXT_H

#include "program/output.h"

/* Prints parts, which NULL ends, as one string; bytes that are no UTF-8 become U+FFFD. */
void unsock_json_string(struct unsock_printer *printer, const char *const *parts);

#endif
