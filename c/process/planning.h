/* One exec on its way: what process/exec.c and the look at the program share. */
#ifndef UNSOCK_PLANNING_H
#define UNSOCK_PLANNING_H

#include "process/exec.h"
#include "rules/program_file.h"

#define UNSOCK_SCRIPTS_MOST 5 /* the kernel follows so many "#!" (fs/exec.c) */

/* How a program is started. */
enum unsock_way {
    UNSOCK_WAY_PLAINLY,   /* as asked, with a whole environment */
    UNSOCK_WAY_LOADED,    /* by the library as its loader */
    UNSOCK_WAY_UNTOUCHED, /* as asked, with the environment as it is */
};

struct unsock_planning {
    struct unsock_exec_plan *plan;
    const char *named; /* the path in messages */
    const char **argv; /* a copy, with room in front for scripts' interpreters */
    bool argv_is_changed;
    struct unsock_program_file *file;
    void *room;
    const char *load; /* what the loader is to load, when it is not the path itself */
};

/* Memory from the plan's space; NULL when that was made too small. */
void *unsock_planning_cut(struct unsock_planning *planning, size_t size);

/*
 * Neither door reaches the program, and `why`: says so on stderr. Returns 0, or with UNSOCK_STRICT -EACCES. Where
 * nothing is redirected there is nothing to say.
 */
long unsock_planning_out_of_reach(const struct unsock_planning *planning, const char *why);

/*
 * Looks at the program, through the scripts that lead to it, whose interpreters' arguments it puts in front of argv.
 * Returns an enum unsock_way, or -errno. With UNSOCK_WAY_LOADED *opened is the program's descriptor.
 */
long unsock_planning_find_way(struct unsock_planning *planning, long *opened);

#endif
