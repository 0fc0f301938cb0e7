/* Words of a POSIX shell, bare where that is safe. */
#include "program/run.h"

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

static void put_quoted(struct unsock_printer *printer, const char *text) {
    bool bare = text[0] != '\0';
    for (const char *c = text; *c != '\0'; c++)
        bare &= is_safe(*c);
    if (bare) {
        unsock_printer_put(printer, text);
        return;
    }
    unsock_printer_char(printer, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            unsock_printer_put(printer, "'\\''");
        else
            unsock_printer_char(printer, *text);
    }
    unsock_printer_char(printer, '\'');
}

static bool is_among_strings(const char *string, const char *const *list) {
    struct unsock_span span = unsock_span_of(string);
    for (; *list; list++) {
        if (unsock_span_is(span, *list))
            return true;
    }
    return false;
}

bool unsock_run_is_ours(const char *string, const char *const *caller) {
    return unsock_begins(string, "UNSOCK_") || !is_among_strings(string, caller);
}

static void print_variable(struct unsock_printer *printer, const char *string) {
    while (*string != '\0' && *string != '=')
        unsock_printer_char(printer, *string++);
    unsock_printer_char(printer, '=');
    put_quoted(printer, *string == '=' ? string + 1 : string);
    unsock_printer_put(printer, " \\\n");
}

long unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command) {
    struct unsock_printer printer = {.used = 0};
    for (; *environment; environment++) {
        if (unsock_run_is_ours(*environment, caller))
            print_variable(&printer, *environment);
    }
    for (const char *const *word = command; *word; word++) {
        if (word != command)
            unsock_printer_char(&printer, ' ');
        put_quoted(&printer, *word);
    }
    unsock_printer_char(&printer, '\n');
    return unsock_printer_end(&printer);
}
