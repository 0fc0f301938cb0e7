/* Prints each errno that is translated in some place: the number of the place, the errno, and its translation. */
#include "rules/errno.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **words) {
    int places = count > 1 ? atoi(words[1]) : 0;
    for (int at = 0; at < places; at++)
        for (int error = 1; error < 134; error++) {
            long said = unsock_errno_as_ip((enum unsock_errno_at)at, -error);
            if (said != -error)
                printf("%d %s %s\n", at, strerrorname_np(error), strerrorname_np((int)-said));
        }
    return unsock_errno_as_ip(UNSOCK_AT_BIND, 7) == 7 && unsock_errno_as_ip(UNSOCK_AT_BIND, 0) == 0 ? 0 : 1;
}
