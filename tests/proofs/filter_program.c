/* Prints the trap door's filter as C, for filter.c: nothing goes into its making but the table. */
#include "trap/trapped.h"

#include <stdio.h>

int main(void) {
    static struct sock_filter program[UNSOCK_FILTER_MOST];
    size_t length = unsock_filter_make(unsock_trapped, UNSOCK_TRAPPED_COUNT, program, UNSOCK_FILTER_MOST);
    printf("static const struct sock_filter program[] = {\n");
    for (size_t i = 0; i < length; i++)
        printf("    {%u, %u, %u, %uu},\n", program[i].code, program[i].jt, program[i].jf, program[i].k);
    puts("};");
    return length == 0;
}
