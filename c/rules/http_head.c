/* RFC 9112. A line ends with CR LF, and nothing else does. */
#include "rules/http.h"

#include "rt/base.h"

#define BAD_REQUEST 400
#define NOT_ALLOWED 405
#define NOT_IMPLEMENTED 501
#define OTHER_VERSION 505
#define LENGTH_MOST ((uint64_t)1 << 60)
#define CLOSE "Connection: close\r\n"

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool unsock_http_same(struct unsock_span span, struct unsock_span other) {
    for (size_t i = 0; span.length == other.length && i < span.length; i++) {
        if (lower(span.at[i]) != lower(other.at[i]))
            return false;
    }
    return span.length == other.length;
}

static bool is(struct unsock_span span, const char *text) {
    return unsock_http_same(span, unsock_span_of(text));
}

static struct unsock_span trimmed(struct unsock_span span) {
    while (span.length > 0 && (span.at[0] == ' ' || span.at[0] == '\t'))
        span = (struct unsock_span){span.at + 1, span.length - 1};
    while (span.length > 0 && (span.at[span.length - 1] == ' ' || span.at[span.length - 1] == '\t'))
        span.length--;
    return span;
}

size_t unsock_http_blank(const char *bytes, size_t size) {
    size_t blank = 0;
    while (blank < size && (bytes[blank] == '\r' || bytes[blank] == '\n'))
        blank++;
    return blank;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(struct unsock_span span) {
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < span.length; i++) {
        char c = lower(span.at[i]);
        bool found = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        for (size_t j = 0; !found && j < sizeof(others) - 1; j++)
            found = c == others[j];
        if (!found)
            return false;
    }
    return span.length > 0;
}

/* Cuts a line, whose end is there, off the front. False: it has a byte that no line has. */
static bool next_line(struct unsock_span *rest, struct unsock_span *line) {
    struct unsock_span whole = unsock_span_next(rest, '\n');
    *line = (struct unsock_span){whole.at, whole.length > 0 ? whole.length - 1 : 0};
    if (whole.length == 0 || whole.at[whole.length - 1] != '\r')
        return false;
    for (size_t i = 0; i < line->length; i++) {
        unsigned char c = (unsigned char)line->at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Is the word one of the list's, which commas divide? */
static bool has_word(struct unsock_span list, const char *word) {
    while (list.length > 0) {
        if (is(trimmed(unsock_span_next(&list, ',')), word))
            return true;
    }
    return false;
}

static bool host_of_target(struct unsock_span target, struct unsock_span *host) {
    static const char scheme[] = "http://";
    size_t length = sizeof(scheme) - 1, end = length;
    if (target.length <= length || !is((struct unsock_span){target.at, length}, scheme))
        return false;
    while (end < target.length && target.at[end] != '/' && target.at[end] != '?')
        end++;
    *host = (struct unsock_span){target.at + length, end - length};
    return true;
}

static int read_request_line(struct unsock_span line, struct unsock_http_head *head) {
    struct unsock_span version;
    head->method = unsock_span_next(&line, ' ');
    head->target = unsock_span_next(&line, ' ');
    version = line;
    if (!is_token(head->method) || head->target.length == 0 || version.length != sizeof("HTTP/1.1") - 1 ||
        !unsock_same(version.at, "HTTP/", 5))
        return BAD_REQUEST;
    if (!unsock_span_is(version, "HTTP/1.1") && !unsock_span_is(version, "HTTP/1.0"))
        return OTHER_VERSION;
    return unsock_span_is(head->method, "CONNECT") ? NOT_ALLOWED : 0;
}

/* What the fields have said so far. */
struct fields {
    bool has_length, has_coding, has_upgrade, upgrades;
};

static int read_field(struct unsock_span line, struct fields *fields, struct unsock_http_head *head) {
    size_t colon = 0;
    while (colon < line.length && line.at[colon] != ':')
        colon++;
    struct unsock_span name = {line.at, colon};
    if (colon == line.length || !is_token(name))
        return BAD_REQUEST;
    struct unsock_span value = trimmed((struct unsock_span){line.at + colon + 1, line.length - colon - 1});
    if (is(name, "host")) {
        if (head->host.at)
            return BAD_REQUEST;
        head->host = value;
    } else if (is(name, "content-length")) {
        if (fields->has_length || !unsock_span_number(value, 10, LENGTH_MOST, &head->length))
            return BAD_REQUEST;
        fields->has_length = true;
    } else if (is(name, "transfer-encoding")) {
        if (fields->has_coding || !is(value, "chunked"))
            return fields->has_coding ? BAD_REQUEST : NOT_IMPLEMENTED;
        fields->has_coding = head->is_chunked = true;
    } else if (is(name, "upgrade")) {
        fields->has_upgrade = true;
    } else if (is(name, "connection")) {
        fields->upgrades |= has_word(value, "upgrade");
    }
    return 0;
}

static int read_fields(struct unsock_span rest, struct unsock_http_head *head) {
    struct fields fields = {false, false, false, false};
    struct unsock_span line, host;
    for (;;) {
        if (!next_line(&rest, &line))
            return BAD_REQUEST;
        if (line.length == 0)
            break;
        int wrong = read_field(line, &fields, head);
        if (wrong != 0)
            return wrong;
    }
    head->asks_upgrade = fields.has_upgrade && fields.upgrades;
    if (!head->host.at || (fields.has_length && fields.has_coding))
        return BAD_REQUEST;
    if (head->target.at[0] == '/' || unsock_span_is(head->target, "*"))
        return 0;
    return host_of_target(head->target, &host) && unsock_http_same(host, head->host) ? 0 : BAD_REQUEST;
}

int unsock_http_head_read(const char *bytes, size_t size, size_t *seen, struct unsock_http_head *head) {
    size_t end = *seen > 3 ? *seen - 3 : 0;
    while (end + 4 <= size && !unsock_same(bytes + end, "\r\n\r\n", 4))
        end++;
    *seen = size;
    if (end + 4 > size)
        return -EAGAIN;
    *head = (struct unsock_http_head){.size = end + 4};
    struct unsock_span rest = {bytes, head->size}, line;
    if (!next_line(&rest, &line))
        return BAD_REQUEST;
    int wrong = read_request_line(line, head);
    return wrong != 0 ? wrong : read_fields(rest, head);
}

static bool is_of_this_connection(struct unsock_span line) {
    struct unsock_span name = unsock_span_next(&line, ':');
    return is(name, "connection") || is(name, "keep-alive") || is(name, "proxy-connection");
}

void unsock_http_head_write(const struct unsock_http_head *head, const char *bytes, struct unsock_text *text) {
    struct unsock_span rest = {bytes, head->size - 2};
    if (head->asks_upgrade) {
        unsock_text_span(text, (struct unsock_span){bytes, head->size});
        return;
    }
    while (rest.length > 0) {
        struct unsock_span line = unsock_span_next(&rest, '\n');
        if (is_of_this_connection(line))
            continue;
        unsock_text_span(text, line);
        unsock_text_char(text, '\n');
    }
    unsock_text_put(text, CLOSE "\r\n");
}

struct unsock_span unsock_http_host_name(struct unsock_span host) {
    struct unsock_span none = {host.at, 0};
    size_t end = host.length > 0 && host.at[0] == '[' ? 1 : 0;
    while (end < host.length && host.at[end] != (host.at[0] == '[' ? ']' : ':'))
        end++;
    bool is_bracketed = host.length > 0 && host.at[0] == '[';
    if (is_bracketed && end++ == host.length)
        return none;
    if (end < host.length && host.at[end] != ':')
        return none;
    bool has_dot = end > 1 && host.at[end - 1] == '.';
    return (struct unsock_span){host.at, has_dot ? end - 1 : end};
}
