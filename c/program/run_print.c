/* Words of a POSIX shell, bare where that is safe. */
#include "program/run_print.h"

#include "program/output.h"
#include "rt/mem.h"
#include "rt/text.h"

#define CHUNK 4096

struct printer {
    char buffer[CHUNK];
    size_t used;
    long result; /* -errno of the first that failed */
};

static void flush(struct printer *printer) {
    if (printer->result == 0)
        printer->result = unsock_output(printer->buffer, printer->used);
    printer->used = 0;
}

static void put(struct printer *printer, char c) {
    if (printer->used == sizeof(printer->buffer))
        flush(printer);
    printer->buffer[printer->used++] = c;
}

static void put_all(struct printer *printer, const char *text) {
    for (; *text != '\0'; text++)
        put(printer, *text);
}

static bool is_safe(char c) {
    static const char marks[] = "_@%+=:,./-";
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    for (const char *mark = marks; *mark != '\0'; mark++) {
        if (c == *mark)
            return true;
    }
    return false;
}

static void put_quoted(struct printer *printer, const char *text) {
    bool bare = text[0] != '\0';
    for (const char *c = text; *c != '\0'; c++)
        bare &= is_safe(*c);
    if (bare) {
        put_all(printer, text);
        return;
    }
    put(printer, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            put_all(printer, "'\\''");
        else
            put(printer, *text);
    }
    put(printer, '\'');
}

static bool is_among(const char *string, const char *const *list) {
    struct unsock_span span = unsock_span_of(string);
    for (; *list; list++) {
        if (unsock_span_is(span, *list))
            return true;
    }
    return false;
}

bool unsock_run_is_ours(const char *string, const char *const *caller) {
    return unsock_begins(string, "UNSOCK_") || !is_among(string, caller);
}

static void put_variable(struct printer *printer, const char *string) {
    while (*string != '\0' && *string != '=')
        put(printer, *string++);
    put(printer, '=');
    put_quoted(printer, *string == '=' ? string + 1 : string);
    put_all(printer, " \\\n");
}

long unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command) {
    struct printer printer = {.used = 0};
    for (; *environment; environment++) {
        if (unsock_run_is_ours(*environment, caller))
            put_variable(&printer, *environment);
    }
    for (const char *const *word = command; *word; word++) {
        if (word != command)
            put(&printer, ' ');
        put_quoted(&printer, *word);
    }
    put(&printer, '\n');
    flush(&printer);
    return printer.result;
}
