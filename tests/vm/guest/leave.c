/* Ends the virtual machine at once: qemu's isa-debug-exit device turns the byte N into its exit status 2N + 1. */
#include <stdlib.h>
#include <sys/io.h>
#include <unistd.h>

#define DEBUG_EXIT_PORT 0x501

int main(int argc, char **argv) {
    if (argc != 2 || ioperm(DEBUG_EXIT_PORT, 1, 1) != 0)
        return 1;
    outb((unsigned char)atoi(argv[1]), DEBUG_EXIT_PORT);
    sleep(5); /* until qemu's main loop comes to it */
    return 1; /* no such device */
}
