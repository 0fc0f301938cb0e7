/*
 * Memory that ends with its page, outcomes by length, and sockets of all kinds, for the probes that walk lengths from 0
 * to 200. Lengths in a row with the same outcome are one line.
 */
#ifndef EDGES_H
#define EDGES_H

#include "probe.h"

#include <sys/mman.h>
#include <time.h>

#define PAGE 4096
#define MOST 200
#define RUN_SECONDS 60 /* at the most */

/* Fill byte for unwritten memory: not in the time while this runs, except in its microseconds. */
static unsigned char untouched = 0xee;

static inline void choose_untouched(void) {
    time_t now = time(NULL);
    for (int second = 0; second < RUN_SECONDS; second++)
        for (size_t i = 0; i < sizeof now; i++)
            if (untouched == (unsigned char)((now + second) >> 8 * i)) {
                untouched -= 0x11;
                second = -1;
                break;
            }
}

/* Behind it lies a page that cannot be accessed. */
static unsigned char *page;

/* `length` bytes up to the end of the page; what lies before them shows whether more was written. */
static inline unsigned char *space(int length) {
    memset(page, untouched, PAGE);
    return page + PAGE - length;
}

/* How many bytes from the start of the space on were written; 999: in front of it. */
static inline int written(int length) {
    for (int i = 0; i < PAGE - length; i++)
        if (page[i] != untouched)
            return 999;
    int count = length;
    while (count > 0 && page[PAGE - length + count - 1] == untouched)
        count--;
    return count;
}

/* Lengths in a row with one outcome. */
static struct {
    char name[80], outcome[400];
    int first, last;
} row;

static inline void end_row(void) {
    char name[120];
    if (row.name[0] == '\0')
        return;
    snprintf(name, sizeof name, "%s, length %d to %d", row.name, row.first, row.last);
    fact(name, "%s", row.outcome);
    row.name[0] = '\0';
}

__attribute__((format(printf, 3, 4))) static inline void outcome(const char *name, int length, const char *format,
                                                                 ...) {
    char text[sizeof row.outcome];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (strcmp(row.name, name) == 0 && strcmp(row.outcome, text) == 0 && row.last + 1 == length) {
        row.last = length;
        return;
    }
    end_row();
    snprintf(row.name, sizeof row.name, "%s", name);
    snprintf(row.outcome, sizeof row.outcome, "%s", text);
    row.first = row.last = length;
}

static inline const char *said(long result) {
    static char text[32];
    if (result < 0)
        return errno_name(errno);
    snprintf(text, sizeof text, "%ld", result);
    return text;
}

static int server4, server6, receiver4, receiver6, client4, client6, peer4, peer6, asker4, asker6;

static inline void drain(int fd) {
    char bytes[16];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) >= 0) {
    }
}

/* True if a byte of the port equals the fill byte. */
static inline bool is_untouched(int fd) {
    int port = own_port(fd);
    return (port & 0xff) == untouched || port >> 8 == untouched;
}

static inline int edges_bound(const char *text, int type) {
    int fd = bound(text, 0, type);
    while (is_untouched(fd)) {
        int other = bound(text, 0, type);
        close(fd);
        fd = other;
    }
    return fd;
}

static inline void edges_pair(const char *text, int *server, int *client, int *peer) {
    for (*server = listening(text, 0); is_untouched(*server); *server = listening(text, 0)) {
        close(*server);
    }
    do {
        *client = connected(text, own_port(*server));
        *peer = CHECK(accept(*server, NULL, NULL));
    } while (is_untouched(*client));
}

static inline void edges_start(void) {
    probe_start();
    char *pages = mmap(NULL, (size_t)2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        die("mmap");
    CHECK(mprotect(pages + PAGE, PAGE, PROT_NONE));
    page = (unsigned char *)pages;
    choose_untouched();
    edges_pair("127.0.0.1", &server4, &client4, &peer4);
    edges_pair("::1", &server6, &client6, &peer6);
    receiver4 = edges_bound("127.0.0.1", SOCK_DGRAM);
    receiver6 = edges_bound("::1", SOCK_DGRAM);
    asker4 = edges_bound("127.0.0.1", SOCK_DGRAM);
    asker6 = edges_bound("::1", SOCK_DGRAM);
    CHECK(connect_to(asker4, "127.0.0.1", own_port(receiver4)));
    CHECK(connect_to(asker6, "::1", own_port(receiver6)));
}

#endif
