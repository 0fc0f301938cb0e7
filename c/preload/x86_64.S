/* Exported functions for x86-64 that jump to the next library's functions, and leave the program's stack as it is. */
#include "rt/assembly.inc"

/* Jumps to the next dlopen, with the flags that unsock_dlopen_flags returns. */
BEGIN(dlopen)
    endbr64
    push %rdi
    .cfi_adjust_cfa_offset 8
    sub $16, %rsp /* aligned for a call */
    .cfi_adjust_cfa_offset 16
    mov %esi, %edi
    call unsock_dlopen_flags
    add $16, %rsp
    .cfi_adjust_cfa_offset -16
    pop %rdi
    .cfi_adjust_cfa_offset -8
    mov %eax, %esi
    mov unsock_next_dlopen(%rip), %rax
    test %rax, %rax
    jz unsock_dlopen_plain
    jmp *%rax
END(dlopen)

/* Jumps to unsock_syscall_answer if the library answers the number; else to the next syscall, arguments unchanged. */
BEGIN(syscall)
    endbr64
    cmp $447, %rdi
    ja 1f
    lea unsock_syscall_answered(%rip), %r10
    cmpb $0, (%r10, %rdi)
    jne unsock_syscall_answer
1:  mov unsock_next_syscall(%rip), %rax
    test %rax, %rax
    jz unsock_syscall_plain
    jmp *%rax
END(syscall)
