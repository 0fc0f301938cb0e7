/* Prints for how many milliseconds TCP tries, for three numbers of each question. */
#include "rules/syn_limit.h"
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    for (int i = 1; i + 2 < count; i += 3)
        printf("%lld\n", (long long)unsock_syn_limit((uint32_t)atoi(arguments[i]), (uint32_t)atoi(arguments[i + 1]),
                                                     (uint32_t)atoi(arguments[i + 2])));
    return 0;
}
