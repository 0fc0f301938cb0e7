/* For whom a directory of socket files is made: `--group` and `--dir-mode`. */
#ifndef UNSOCK_DIRECTORY_RIGHTS_H
#define UNSOCK_DIRECTORY_RIGHTS_H

#include "process/run_directory.h"

/* What a group needs of socket files, where nothing else was said. */
#define UNSOCK_GROUP_FILE_MODE "660"

struct unsock_directory_rights {
    bool given;
    const char *name; /* the group's, as it was written; NULL: that of whoever makes the directory */
    uint32_t group;
    uint32_t mode;
};

/* Reads the options' values (NULL: not given). Returns false with one line in `error`. */
bool unsock_directory_rights_read(const char *group, const char *mode, struct unsock_directory_rights *rights,
                                  struct unsock_text *error);

/*
 * unsock_run_directory_prepare; one that was missing gets the rights, and one that is there has to have them: others
 * may rely on what it has. Returns false with one line in `error`.
 */
bool unsock_directory_rights_prepare(const struct unsock_run_directory *directory, bool force,
                                     const struct unsock_directory_rights *rights, bool *made,
                                     struct unsock_text *error);

#endif
