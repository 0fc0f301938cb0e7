/* Fuzzes reading by lines, in pieces of any size: the result is the lines of the whole text, without too long ones.
 */
#include "../kernel.h"

#include "rt/text.h"

/* The next line of the text that fits into the buffer; the last one may have no end. */
static bool next_line(struct unsock_span *text, struct unsock_span *line) {
    while (text->length > 0) {
        *line = unsock_span_next(text, '\n');
        if (line->length < UNSOCK_LINES_CHUNK)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct unsock_lines lines;
    struct unsock_span line, expected, word;
    fuzz_kernel_start(data, size);
    struct unsock_span text = {(const char *)fuzz_kernel.data, fuzz_kernel.size};
    unsock_lines_open(&lines, "/proc/net/unix");
    while (unsock_lines_next(&lines, &line)) {
        HOLDS(fuzz_kernel.failing != 0 || next_line(&text, &expected));
        HOLDS(fuzz_kernel.failing != 0 ||
              (line.length == expected.length && memcmp(line.at, expected.at, line.length) == 0));
        for (size_t before; (before = line.length) > 0;) {
            word = unsock_lines_word(&line);
            HOLDS(line.length < before && word.length <= before);
        }
    }
    HOLDS(fuzz_kernel.failing != 0 || !next_line(&text, &expected));
    unsock_lines_close(&lines);
    HOLDS(fuzz_kernel.opened == 0);
    return 0;
}
