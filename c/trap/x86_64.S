/* The trap's functions in assembly, for x86-64: entries of rewritten places, a change of stacks, a signal's return. */
#include "rt/assembly.inc"

/*
 * A stub jumps to unsock_site_stay or unsock_site_switch, with the address behind the `syscall` in rcx. Both leave all
 * registers as the kernel does: the result in rax, anything in rcx and r11. The C code uses general registers alone
 * (-mgeneral-regs-only), and relies on a clear direction flag (`cld`). The registers that C may change are saved here.
 *
 * ANSWER: with the registers on the stack, and their address in rbx, calls unsock_site_concerns and, if the call
 * concerns the library, unsock_site_answer. Then stores the result in rax's place on the stack and clears ZF; else sets
 * ZF. The lines between SAVE, ANSWER and RESTORE describe the frame to debuggers and profilers.
 *
 * DIRECTION: restores the direction flag of string instructions from the flags on the stack. `popfq` would cost as much
 * as all else here; `sahf` restores the arithmetic flags.
 */
#define PUSH(register) push %register; .cfi_adjust_cfa_offset 8
#define POP(register) pop %register; .cfi_adjust_cfa_offset -8
#define SAVE PUSH(r9); PUSH(r8); PUSH(r10); PUSH(rdx); PUSH(rsi); PUSH(rdi); PUSH(rax); mov %rsp, %rdi; mov %rsp, %rbx
#define RESTORE POP(rax); POP(rdi); POP(rsi); POP(rdx); POP(r10); POP(r8); POP(r9)
#define DIRECTION testb $4, 1(%rsp); jz 5f; std; 5:

.macro ANSWER
    and $-16, %rsp
    call unsock_site_concerns
    test %al, %al
    jz 2f
    mov %rbx, %rdi
    call unsock_site_answer
    mov %rax, (%rbx)
    or $1, %al
2:  mov %rbx, %rsp
.endm

HIDDEN(unsock_site_stay)
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rcx
    lea -128(%rsp), %rsp /* the red zone */
    .cfi_adjust_cfa_offset 128
    pushfq
    .cfi_adjust_cfa_offset 8
    cld
    PUSH(rcx)
    .cfi_offset rip, -144
    PUSH(rbx)
    .cfi_offset rbx, -152
    SAVE
    .cfi_def_cfa rbx, 208
    ANSWER
    .cfi_def_cfa rsp, 208
    RESTORE
    POP(rbx)
    .cfi_restore rbx
    POP(rcx)
    .cfi_register rip, rcx
    jnz 1f
    lea -2(%rcx), %rcx /* back to the `syscall` */
1:  mov %rax, %r11
    DIRECTION
    mov 1(%rsp), %al
    mov (%rsp), %ah
    and $8, %al
    add $0x78, %al /* sets OF if it was set before the call */
    sahf
    mov %r11, %rax
    lea 136(%rsp), %rsp
    .cfi_adjust_cfa_offset -136
    jmp *%rcx
END(unsock_site_stay)

/* Writes nothing to the program's stack: the flags go into ax, then with the number into r11. */
HIDDEN(unsock_site_switch)
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rcx
    mov %rax, %r11
    lahf
    seto %al
    movzwl %ax, %eax
    shl $32, %r11
    or %rax, %r11
    rdgsbase %rax
    test %rax, %rax
    jz 3f
    rdfsbase %rax
    cmp %gs:0, %rax /* a new thread still has the gs of the thread that made it */
    jne 3f
    cmpq $0, %gs:16 /* in use: a signal handler has interrupted a call */
    jne 3f
    movq $1, %gs:16
    mov %rsp, %rax
    mov %gs:8, %rsp
    .cfi_def_cfa rax, 0
    push %rax
    pushfq
    cld
    push %r11
    push %rcx
    push %rbx
    mov %r11, %rax
    shr $32, %rax
    .cfi_remember_state
    SAVE
    /* The program's rsp, rbx and return address are on the new stack. */
    .cfi_escape 0x0f, 4, 0x73, 0xd8, 0, 6
    .cfi_escape 0x10, 16, 3, 0x73, 0xc0, 0
    .cfi_escape 0x10, 3, 2, 0x73, 0x38
    ANSWER
    .cfi_restore_state
    .cfi_def_cfa rsp, 56
    .cfi_undefined rip
    RESTORE
    pop %rbx
    pop %rcx
    pop %r11
    jnz 1f
    lea -2(%rcx), %rcx
1:  xchg %rax, %r11
    DIRECTION
    lea 8(%rsp), %rsp
    pop %rsp
    movq $0, %gs:16
    add $0x7f, %al
    sahf
    mov %r11, %rax
    jmp *%rcx
    /* The thread has no free stack: makes the system call with the tag. It is trapped, and the handler adds a stack. */
3:  mov %r11d, %eax
    shr $32, %r11
    add $0x7f, %al
    sahf
    lea 0x07560000(%r11), %rax
    lea -2(%rcx), %rcx
    jmp *%rcx
END(unsock_site_switch)

/* unsock_call_on(function, argument, stack) */
HIDDEN(unsock_call_on)
    push %rbx
    .cfi_def_cfa_offset 16
    .cfi_offset rbx, -16
    mov %rsp, %rbx
    .cfi_def_cfa_register rbx
    mov %rdx, %rsp
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    mov %rbx, %rsp
    pop %rbx
    .cfi_def_cfa rsp, 8
    ret /* to the caller, on its own stack */
END(unsock_call_on)

/* unsock_jump(entry, stack). Sets rdx to 0, as the kernel does: the program has no function to call at its exit. */
HIDDEN(unsock_jump)
    .cfi_undefined rip
    mov %rsi, %rsp
    xor %edx, %edx
    xor %ebp, %ebp
    jmp *%rdi
END(unsock_jump)

/* gdb and libunwind recognise the return from a signal handler by the name __restore_rt and these bytes. */
    .hidden __restore_rt
    .globl __restore_rt
    .type __restore_rt, %function
    nop
__restore_rt:
    .byte 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05
    .size __restore_rt, . - __restore_rt
