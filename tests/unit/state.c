/* Prints a row a state: the states that may follow it, and whether it counts as connected and has a remote address. */
#include "memory/fds.h"
#include <stdio.h>

int main(void) {
    for (int from = 0; from <= UNSOCK_STATES; from++) {
        for (int to = 0; to < UNSOCK_STATES; to++) {
            struct unsock_fd entry = {.state = (uint8_t)from};
            bool entered = unsock_state_follows((uint8_t)from, (enum unsock_state)to);
            unsock_fd_enter(&entry, (enum unsock_state)to);
            if (entry.state != (entered ? to : from))
                return 1;
            putchar(entered ? '1' : '0');
        }
        printf(" %d%d\n", unsock_state_is_connected((uint8_t)from), unsock_state_has_remote((uint8_t)from));
    }
    return 0;
}
