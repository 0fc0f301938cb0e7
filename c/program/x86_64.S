/* The entry point of the library as a program, for x86-64. */
#include "rt/assembly.inc"

HIDDEN(unsock_start)
    .cfi_undefined rip
    xor %ebp, %ebp
    mov %rsp, %rdi
    and $-16, %rsp
    call unsock_started
    hlt
END(unsock_start)
