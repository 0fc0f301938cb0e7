/* Names and paths are others' bytes: they are escaped, and what can be no host's name is no link. */
#include "program/http.h"

#include "process/run_directory.h"

#define HEAD                                                                                                           \
    "Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'" \
    "\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"                      \
    "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>unsock</title>\n"                               \
    "<style>body{font:16px/1.6 system-ui,sans-serif;margin:3em auto;max-width:48em;padding:0 1em}"                     \
    "code{color:#666}</style>\n"

static const char *words_of(unsigned status) {
    switch (status) {
    case 200:
        return "OK";
    case 300:
        return "Multiple Choices";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 421:
        return "Misdirected Request";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    default:
        return "HTTP Version Not Supported";
    }
}

static void begin(struct unsock_text *text, unsigned status) {
    unsock_text_put(text, "HTTP/1.1 ");
    unsock_text_number(text, status, 10, 3);
    unsock_text_join(text, " ", words_of(status), "\r\n" HEAD);
}

static void put_escaped(struct unsock_text *text, const char *string) {
    for (; *string != '\0'; string++) {
        unsigned char c = (unsigned char)*string;
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || c < 0x20 || c == 0x7f) {
            unsock_text_put(text, "&#");
            unsock_text_number(text, c < 0x20 || c == 0x7f ? '?' : c, 10, 1);
            unsock_text_put(text, ";");
        } else {
            unsock_text_char(text, *string);
        }
    }
}

void unsock_http_page_say(struct unsock_text *text, unsigned status, const char *sentence) {
    begin(text, status);
    unsock_text_put(text, "<p>");
    put_escaped(text, sentence);
    unsock_text_put(text, "</p>\n");
}

/* Letters, whatever their case, digits, "-", and dots. */
static bool is_host(const char *name) {
    struct unsock_span rest = unsock_span_of(name);
    while (rest.length > 0) {
        char small[UNSOCK_HTTP_NAME_MOST];
        struct unsock_span part = unsock_span_next(&rest, '.');
        for (size_t i = 0; i < part.length; i++)
            small[i] = (char)(part.at[i] >= 'A' && part.at[i] <= 'Z' ? part.at[i] + 32 : part.at[i]);
        if (!unsock_loopback_name_is((struct unsock_span){small, part.length}))
            return false;
    }
    return name[0] != '\0';
}

/* A link to a port of a place, or with port 0 to the place. */
static void put_link(struct unsock_text *text, const char *name, uint16_t number, uint16_t port) {
    bool is_link = is_host(name);
    if (is_link) {
        unsock_text_put(text, "<a href=\"http://");
        if (number > 0) {
            unsock_text_number(text, number, 10, 1);
            unsock_text_put(text, ".");
        }
        put_escaped(text, name);
        unsock_text_put(text, ".localhost:");
        unsock_text_number(text, port, 10, 1);
        unsock_text_put(text, "/\">");
    }
    if (number > 0)
        unsock_text_number(text, number, 10, 1);
    else
        put_escaped(text, name);
    unsock_text_put(text, is_link ? "</a>" : "");
}

static void put_place(struct unsock_text *text, const struct unsock_http_place *place, uint16_t port) {
    uint16_t ports[UNSOCK_HTTP_PORTS_MOST];
    unsigned count = unsock_http_ports(place->path, ports);
    if (count == 0)
        return;
    unsock_text_put(text, "<li>");
    put_link(text, place->name, 0, port);
    for (unsigned i = 0; i < count; i++) {
        unsock_text_put(text, i == 0 ? ": " : ", ");
        put_link(text, place->name, ports[i], port);
    }
    unsock_text_put(text, " <code>");
    put_escaped(text, place->path);
    unsock_text_put(text, "</code></li>\n");
}

void unsock_http_page_list(struct unsock_text *text, const struct unsock_http_places *places,
                           const struct unsock_http_place *only, uint16_t port) {
    begin(text, only ? 300 : 200);
    unsock_text_put(text, only ? "<h1>Which of them?</h1>\n<ul>\n" : "<h1>Who listens here</h1>\n<ul>\n");
    size_t before = text->length;
    for (unsigned i = 0; i < places->count; i++) {
        if (!only || only == &places->list[i])
            put_place(text, &places->list[i], port);
    }
    unsock_text_put(text, text->length == before ? "</ul>\n<p>Nobody does.</p>\n" : "</ul>\n");
}
