/* Fuzzes the reader of the multiplexer's answer, which must take no byte beyond the line. */
#include "../kernel.h"

#include "calls/target.h"
#include "rt/system_calls.h"
#include "rules/settings.h"

#include <stdio.h>

/* True for a valid answer: "OK ", digits of a number below 2^32, and the end of the line, 32 bytes at most. */
static bool is_good(const char *text, size_t length, size_t *line) {
    const char *end = memchr(text, '\n', length);
    char number[40] = "";
    *line = end ? (size_t)(end - text) + 1 : length;
    if (!end || *line > 32 || *line < 5 || memcmp(text, "OK ", 3) != 0)
        return false;
    memcpy(number, text + 3, *line - 4);
    return strlen(number) == *line - 4 && strspn(number, "0123456789") == *line - 4 &&
           strtoull(number, NULL, 10) <= UINT32_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct unsock_control_file control = {.proxy_length = 12};
    size_t line;
    fuzz_settings();
    fuzz_kernel_start(data, size);
    bool good = is_good((const char *)fuzz_kernel.data, fuzz_kernel.size, &line);
    struct unsock_firecracker asked = {.deadline = unsock_clock_ms() + 5000};
    long result = unsock_firecracker_ask(3, &control, &asked, asked.deadline);
    if (result == 0)
        result = unsock_firecracker_await(3, &asked, asked.deadline);
    HOLDS(result == 0 || result == -ECONNREFUSED || result == -ETIMEDOUT || fuzz_kernel.failing != 0);
    HOLDS(result != 0 || (good && fuzz_kernel.used == line));
    HOLDS(result == 0 || !good || fuzz_kernel.failing != 0);
    return 0;
}
