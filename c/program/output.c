/* Writes standard output through one buffer. Remembers a failed write, so that the exit status can report it. */
#include "program/options.h"

#include "rt/system_calls.h"
#include "rules/errno.h"
#include "rules/words.h"

#define EXIT_UNREAD 1

static UNSOCK_TABLE struct output {
    char buffer[4096];
    size_t used;
    long result;  /* -errno of the first write that failed */
    bool follows; /* the next member of an object or list needs a comma */
} output;

long unsock_print_flush(void) {
    for (size_t done = 0; output.result == 0 && done < output.used;) {
        long count = unsock_write(1, output.buffer + done, output.used - done);
        if (count < 0 && count != -EINTR)
            output.result = count;
        done += count > 0 ? (size_t)count : 0;
    }
    output.used = 0;
    return output.result;
}

int unsock_print_end(int status, int failed, struct unsock_text *error) {
    long result = unsock_print_flush();
    if (result == 0 || result == -EPIPE)
        return result == 0 ? status : EXIT_UNREAD;
    unsock_text_join(error, "standard output: ", unsock_errno_words(-result));
    return failed;
}

void unsock_print_char(char c) {
    if (output.used == sizeof(output.buffer))
        unsock_print_flush();
    output.buffer[output.used++] = c;
}

void unsock_print_list(const char *const *texts) {
    for (; *texts; texts++)
        for (const char *c = *texts; *c != '\0'; c++)
            unsock_print_char(*c);
}

static void print_json_text(const char *text) {
    unsock_print_char('"');
    while (*text != '\0') {
        unsigned char c = (unsigned char)*text;
        unsigned length = unsock_utf8_next(text);
        if (c < 0x20)
            unsock_print(UNSOCK_DIGITS("\\u", c, 16, 4));
        else if (length == 0)
            unsock_print("\xef\xbf\xbd");
        else if (c == '"' || c == '\\')
            unsock_print_char('\\');
        for (unsigned i = 0; i < length && c >= 0x20; i++)
            unsock_print_char(text[i]);
        text += length == 0 ? 1 : length;
    }
    unsock_print_char('"');
}

static void begin_member(const char *name) {
    unsock_print(output.follows ? "," : "");
    output.follows = true;
    if (!name)
        return;
    print_json_text(name);
    unsock_print_char(':');
}

void unsock_json_open(const char *name, char bracket) {
    begin_member(name);
    unsock_print_char(bracket);
    output.follows = false;
}

void unsock_json_close(char bracket) {
    unsock_print_char(bracket);
    output.follows = true;
}

void unsock_json_line(void) {
    unsock_print_char('\n');
    output.follows = false;
}

void unsock_json_text(const char *name, const char *text) {
    begin_member(name);
    if (text)
        print_json_text(text);
    else
        unsock_print("null");
}

void unsock_json_number(const char *name, uint64_t number) {
    begin_member(name);
    unsock_print(UNSOCK_DECIMAL(number));
}

void unsock_json_maybe(const char *name, bool is_known, uint64_t number) {
    if (is_known)
        unsock_json_number(name, number);
    else
        unsock_json_text(name, NULL);
}

void unsock_json_bool(const char *name, bool value) {
    begin_member(name);
    unsock_print(value ? "true" : "false");
}
