/* Exported functions for aarch64 that jump to the next library's functions, and leave the program's stack as it is. */
#include "rt/assembly.inc"

/* Jumps to the next dlopen, with the flags that unsock_dlopen_flags returns. */
BEGIN(dlopen)
    hint #34 /* bti c */
    stp x29, x30, [sp, #-32]!
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    str x0, [sp, #16]
    mov w0, w1
    bl unsock_dlopen_flags
    mov w1, w0
    ldr x0, [sp, #16]
    ldp x29, x30, [sp], #32
    .cfi_adjust_cfa_offset -32
    .cfi_restore x29
    .cfi_restore x30
    adrp x16, unsock_next_dlopen
    ldr x16, [x16, :lo12:unsock_next_dlopen]
    cbz x16, 1f
    br x16
1:  b unsock_dlopen_plain
END(dlopen)

/* Jumps to unsock_syscall_answer if the library answers the number; else to the next syscall, arguments unchanged. */
BEGIN(syscall)
    hint #34 /* bti c */
    cmp x0, #447
    b.hi 1f
    adrp x16, unsock_syscall_answered
    add x16, x16, :lo12:unsock_syscall_answered
    ldrb w16, [x16, x0]
    cbz w16, 1f
    b unsock_syscall_answer
1:  adrp x16, unsock_next_syscall
    ldr x16, [x16, :lo12:unsock_next_syscall]
    cbz x16, 2f
    br x16
2:  b unsock_syscall_plain
END(syscall)
