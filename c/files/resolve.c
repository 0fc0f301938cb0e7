/* Which file answers at a path. */
#include "files/control_file.h"

long unsock_resolve(const char *path, struct unsock_control_file *control) {
    int read = unsock_control_file_read(path, control);
    if (read == 0)
        return UNSOCK_ANSWERS_CONTROL;
    if (read == -ENOEXEC)
        return -EINVAL;
    int64_t inode = unsock_file_inode(path);
    if (inode > 0)
        return UNSOCK_ANSWERS_SOCKET;
    if (inode < 0)
        return inode == -ENOENT ? UNSOCK_ANSWERS_NOBODY : (long)inode;
    return read == -EINVAL || read == -EACCES ? read : UNSOCK_ANSWERS_OTHER;
}
