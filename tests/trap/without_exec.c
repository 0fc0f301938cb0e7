/* Executes a program for which memory that was written to may not be made executable (PR_SET_MDWE, kernel 6.3). */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

int main(int count, char **words) {
    if (count < 2 || prctl(PR_SET_MDWE, 1, 0, 0, 0) != 0) {
        perror("PR_SET_MDWE");
        return 2;
    }
    execv(words[1], words + 1);
    return 3;
}
