/* execve and execveat, made by a program under the trap. They return -errno, if they return. */
#ifndef UNSOCK_TRAP_EXEC_H
#define UNSOCK_TRAP_EXEC_H

long unsock_trap_execve(const char *path, const char *const *argv, const char *const *environment);
long unsock_trap_execveat(int directory, const char *path, const char *const *argv, const char *const *environment,
                          int flags);

#endif
