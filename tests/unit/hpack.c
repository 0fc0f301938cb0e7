/* Blocks of one connection in hexadecimal, one an argument. A number: the table's size, of a new connection. */
#include "rules/http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t read_hex(const char *hex, uint8_t *bytes) {
    size_t size = 0;
    unsigned value;
    for (; sscanf(hex, "%2x", &value) == 1; hex += 2)
        bytes[size++] = (uint8_t)value;
    return size;
}

int main(int argc, char **argv) {
    struct unsock_hpack hpack;
    char text[256];
    for (int i = 1; i < argc; i++) {
        const char *words = argv[i] + 1;
        uint8_t *bytes = malloc(strlen(words) / 2 + 1);
        size_t size = argv[i][0] == 'L' ? 0 : read_hex(words, bytes);
        if (argv[i][0] == 'L') {
            hpack = (struct unsock_hpack){.limit = (uint32_t)atoi(words)};
        } else if (argv[i][0] == 'T') {
            long length = unsock_huffman_read(bytes, size, text, sizeof(text));
            printf("%ld %.*s\n", length, length > 0 ? (int)length : 0, text);
        } else {
            bool good = unsock_hpack_read(&hpack, bytes, size);
            printf("%s %u %u %.*s\n", good ? "read" : "refused", hpack.count, hpack.used, (int)hpack.length,
                   hpack.authority);
        }
        free(bytes);
    }
    return 0;
}
