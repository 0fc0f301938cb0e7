/* The C library's words: there may be none here. */
#include "process/errno_words.h"

#include "rt/base.h"

const char *unsock_errno_words(long error) {
    switch (error) {
    case EPERM:
        return "Operation not permitted";
    case ENOENT:
        return "No such file or directory";
    case EIO:
        return "Input/output error";
    case E2BIG:
        return "argument list too long";
    case ENOEXEC:
        return "Exec format error";
    case ENOMEM:
        return "out of memory";
    case EACCES:
        return "Permission denied";
    case ENOTDIR:
        return "Not a directory";
    case EISDIR:
        return "Is a directory";
    case EINVAL:
        return "Invalid argument";
    case EMFILE:
    case ENFILE:
        return "Too many open files";
    case ETXTBSY:
        return "text file busy";
    case ENOSPC:
        return "No space left on device";
    case ENOSYS:
        return "Function not implemented";
    case EADDRNOTAVAIL:
        return "Cannot assign requested address";
    case EAFNOSUPPORT:
        return "Address family not supported by protocol";
    case EFBIG:
        return "File too large";
    case EROFS:
        return "Read-only file system";
    case ENAMETOOLONG:
        return "File name too long";
    case ELOOP:
        return "too many levels of symbolic links";
    default:
        return "the system refuses it";
    }
}
