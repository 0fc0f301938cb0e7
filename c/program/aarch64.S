/* The entry point of the library as a program, for aarch64. */
#include "rt/assembly.inc"

HIDDEN(unsock_start)
    .cfi_undefined x30
    mov x29, xzr
    mov x30, xzr
    mov x0, sp
    and sp, x0, #-16
    b unsock_started
END(unsock_start)
