/*
 * Runs the rule about glibc's write (c/rules/libc_write), for inside_test.ts: reads lines of "WRITE CANCEL", the
 * bytes of both functions in hexadecimal. Prints for each where a jump may be
 * put and the distance of the target that it replaces, or "no".
 */
#include "rules/call_site.h"

#include <stdio.h>
#include <string.h>

/* The library's own, which needs its surroundings. */
bool unsock_same_bytes(const void *left, const void *right, size_t length) {
    return memcmp(left, right, length) == 0;
}

static void from_hex(const char *text, unsigned char *bytes, size_t most) {
    unsigned byte;
    for (size_t i = 0; i < most && sscanf(text + 2 * i, "%2x", &byte) == 1; i++)
        bytes[i] = (unsigned char)byte;
}

int main(void) {
    char first[256], second[256];
    while (scanf("%255s %255s", first, second) == 2) {
        unsigned char write[UNSOCK_LIBC_WRITE_MOST] = {0}, cancel[UNSOCK_LIBC_CANCEL_MOST] = {0};
        struct unsock_libc_write known;
        from_hex(first, write, sizeof write);
        from_hex(second, cancel, sizeof cancel);
        if (unsock_libc_write_find(write, &known) && (!known.by_cancel || unsock_libc_cancel_find(cancel)))
            printf("%d %lld\n", known.jump, (long long)known.distance);
        else
            printf("no\n");
    }
    return 0;
}
