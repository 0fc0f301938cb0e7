/* The library run as a program: its arguments and its environment. */
#include "../kernel.h"

#include "program/options.h"

#define WORDS 16

/* Takes words that end with a NUL off the input. */
static size_t split(char **at, const char *end, const char **words, size_t most) {
    size_t count = 0;
    while (count < most && *at < end) {
        words[count++] = *at;
        *at += strlen(*at) + 1;
    }
    words[count] = NULL;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *arguments[WORDS + 2] = {"libunsock.so"}, *environment[WORDS + 1];
    if (size < 3)
        return 0;
    fuzz_kernel_start(data, size);
    char *text = malloc(size + 1), *at = text + 1;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t count = split(&at, text + size, arguments + 1, (size_t)data[2] % WORDS);
    split(&at, text + size, environment, WORDS);
    int status = unsock_program((int)count + 1, arguments, environment);
    HOLDS(status >= 0 && status <= 127);
    HOLDS(fuzz_kernel.opened == 0);
    free(text);
    return 0;
}
