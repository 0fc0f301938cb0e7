/*
 * Prints what c/program/caller.c takes the caller's state for, by the texts of /proc/PID/limits of this process and its
 * parent and the parent's status ("-": unreadable): whether SIGPIPE is ignored, and the soft limit, or "as it is".
 */
#include "program/caller.c"

#include <stdio.h>

bool unsock_keeper_dispose(int signal, long handler) {
    return signal == 0 && handler == 0;
}

static const char *text_of(const char *word) {
    return word[0] == '-' && word[1] == '\0' ? NULL : word;
}

int main(int argc, char **argv) {
    for (int i = 1; i + 2 < argc; i += 3) {
        struct unsock_caller_texts texts = {text_of(argv[i]), text_of(argv[i + 1]), text_of(argv[i + 2])};
        struct unsock_caller caller;
        derive(&texts, &caller);
        printf("%d ", caller.ignores_sigpipe);
        if (caller.changes_nofile)
            printf("%llu\n", (unsigned long long)caller.soft_nofile);
        else
            printf("as it is\n");
    }
    return 0;
}
