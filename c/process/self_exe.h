/* /proc/self/exe of a program that the library loaded: the kernel says that it is the library. */
#ifndef UNSOCK_SELF_EXE_H
#define UNSOCK_SELF_EXE_H

#include <stdbool.h>
#include <stddef.h>

/* Notes the file that is the program: the descriptor it was loaded from. */
void unsock_self_exe_note(int fd);

/* Asks the copy of the library that loaded this program (which answers raw calls still) what it has noted. */
void unsock_self_exe_inherit(void);

/* The program's file; NULL when it is not known, or the kernel tells it right. */
const char *unsock_self_exe_file(void);

/* Is this path one of this process's own "exe" links? */
bool unsock_self_exe_is(const char *path);

#endif
