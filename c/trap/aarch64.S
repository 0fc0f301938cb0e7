/* The trap's functions in assembly, for aarch64: the entries of rewritten places, and a change of stacks. */
#include "rt/assembly.inc"

/* A stub saves x16 and x30, and calls unsock_site_stay, which returns 1 in w16 if it answered the call, else 0. The
 * result of an answered call is in x0. All other registers keep their values. The C code uses general registers alone,
 * and never x28, where Go's signal handlers look (scripts/build.ts). */
HIDDEN(unsock_site_stay)
    stp x29, x30, [sp, #-176]!
    .cfi_def_cfa_offset 176
    .cfi_offset x29, -176
    .cfi_offset x30, -168
    mov x29, sp
    stp x8, x0, [sp, #16] /* struct unsock_site_call */
    stp x1, x2, [sp, #32]
    stp x3, x4, [sp, #48]
    stp x5, x8, [sp, #64]
    stp x6, x7, [sp, #80]
    stp x9, x10, [sp, #96]
    stp x11, x12, [sp, #112]
    stp x13, x14, [sp, #128]
    mrs x9, nzcv
    stp x15, x17, [sp, #144]
    stp x18, x9, [sp, #160]
    add x0, sp, #16
    bl unsock_site_concerns
    and w16, w0, #1
    tbz w0, #0, 2f
    add x0, sp, #16
    bl unsock_site_answer
    str x0, [sp, #16]
    mov w16, #1
2:  ldp x18, x9, [sp, #160]
    msr nzcv, x9
    ldp x8, x0, [sp, #16]
    cbz w16, 1f
    mov x0, x8
1:  ldp x1, x2, [sp, #32]
    ldp x3, x4, [sp, #48]
    ldp x5, x8, [sp, #64]
    ldp x6, x7, [sp, #80]
    ldp x9, x10, [sp, #96]
    ldp x11, x12, [sp, #112]
    ldp x13, x14, [sp, #128]
    ldp x15, x17, [sp, #144]
    ldp x29, x30, [sp], #176
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    ret
END(unsock_site_stay)

/* A stub jumps here with x9 to x17 free and the address of the `svc` in x17. Takes the first stack that is not in use,
 * makes the call on it, and gives it back. Offsets: struct unsock_own_stack. */
HIDDEN(unsock_site_switch)
    .cfi_def_cfa sp, 0
    adrp x9, unsock_site_stacks
    add x9, x9, :lo12:unsock_site_stacks
1:  ldr x10, [x9], #8
    cbz x10, 3f
    add x11, x10, #16
    ldr x12, [x11]
    cbnz x12, 1b
2:  ldaxr x12, [x11]
    cbnz x12, 1b
    stxr w12, x11, [x11]
    cbnz w12, 2b
    mov x12, sp
    ldr x13, [x10, #8]
    mov sp, x13
    .cfi_def_cfa x12, 0
    stp x12, x30, [sp, #-16]!
    .cfi_escape 0x0f, 3, 0x8f, 0, 6 /* the program's sp and return address are on the new stack */
    .cfi_escape 0x10, 30, 2, 0x8f, 8
    bl unsock_site_stay
    add x17, x17, w16, uxtw #2 /* behind the `svc` if answered */
    ldr x30, [sp, #8]
    mov sp, x12
    .cfi_def_cfa sp, 0
    .cfi_restore x30
    stlr xzr, [x11]
    br x17
    /* No free stack: makes the system call with the tag, so that it is trapped. The handler adds a stack. */
3:  movk w8, #0x0756, lsl #16
    br x17
END(unsock_site_switch)

/* unsock_call_on(function, argument, stack) */
HIDDEN(unsock_call_on)
    stp x29, x30, [sp, #-16]!
    .cfi_def_cfa_offset 16
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    mov x29, sp
    .cfi_def_cfa_register x29
    mov sp, x2
    mov x9, x0
    mov x0, x1
    blr x9
    mov sp, x29
    ldp x29, x30, [sp], #16
    .cfi_def_cfa sp, 0
    ret /* to the caller, on its own stack */
END(unsock_call_on)

/* unsock_jump(entry, stack). Sets x0 to 0, as the kernel does: the program has no function to call at its exit. */
HIDDEN(unsock_jump)
    .cfi_undefined x30
    mov x16, x0
    mov sp, x1
    mov x0, xzr
    mov x29, xzr
    mov x30, xzr
    br x16
END(unsock_jump)
