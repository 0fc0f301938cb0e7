/* From a command, as it was typed, to what really runs: its file, and through "#!" lines and env(1) the interpreters.
 */
#ifndef UNSOCK_ROUTE_H
#define UNSOCK_ROUTE_H

#include "rt/text.h"

#define UNSOCK_ROUTE_PATH_MOST 4096
#define UNSOCK_ROUTE_SEARCH "/bin:/usr/bin" /* what execvp searches where there is no PATH */
#define UNSOCK_NOT_EXECUTABLE 126
#define UNSOCK_NOT_FOUND 127

enum unsock_door {
    UNSOCK_DOOR_PRELOAD,
    UNSOCK_DOOR_TRAP,
    UNSOCK_DOOR_NONE,
    UNSOCK_DOOR_SCRIPT,  /* what follows decides */
    UNSOCK_DOOR_UNKNOWN, /* it may be executed but not read */
};

struct unsock_route_step {
    const char *file;
    enum unsock_door door;
    const char *why; /* for people */
};

struct unsock_route {
    const char *search; /* the value of PATH; NULL: unset */
    struct unsock_text *error;
    int status; /* the exit status, when something is not there or cannot be executed */
    void (*see)(struct unsock_route *route, const struct unsock_route_step *step);
    void *context; /* of `see` */
};

/* Finds the file that execvp would execute, into `file` of UNSOCK_ROUTE_PATH_MOST bytes. False: one line in the error.
 */
bool unsock_route_find(struct unsock_route *route, const char *command, char *file);

/* Follows it. Each step is shown to `see`, in turn; what neither door reaches is the last. False: one line in the
 * error. */
bool unsock_route_follow(struct unsock_route *route, const char *file);

#endif
