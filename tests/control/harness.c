/*
 * Runs the library's reader of control files over inputs, for a build with AddressSanitizer.
 * Standard input has records: a length in four bytes, then that many bytes. Prints one character a record: 1 accepted,
 * 0 refused. With a directory as argument, every hundredth record is also read from a file there, with the same
 * result.
 */
#include "files/control_file.h"
#include "rules/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define EVERY 100
#define LONGEST 4096

static int judge_file(const char *path, const void *bytes, size_t length) {
    struct unsock_control_file control;
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
        abort();
    int result = unsock_control_file_read(path, &control);
    return result == -ENOEXEC ? -EINVAL : result; /* nor is it one that is damaged */
}

int main(int argc, char **argv) {
    uint32_t length;
    char path[LONGEST];
    snprintf(path, sizeof path, "%s/record", argc > 1 ? argv[1] : "");
    for (unsigned long count = 0; fread(&length, sizeof length, 1, stdin) == 1; count++) {
        /* Exactly as long as the record: the sanitizer sees the first byte read beyond it. */
        void *bytes = malloc(length);
        if (length > LONGEST || fread(bytes, 1, length, stdin) != length)
            return 2;
        int result = unsock_check_control(bytes, length);
        if (argc > 1 && count % EVERY == 0 && judge_file(path, bytes, length) != result)
            return 3;
        putchar(result == 0 ? '1' : '0');
        free(bytes);
    }
    return 0;
}
