/* Answers the calls of rewritten places, and restores the program's registers afterwards. */
#include "trap/site.h"

#include "calls/list.h"
#include "calls/stream.h"
#include "rt/user.h"
#include "trap/trapped.h"

#include <linux/poll.h>

#define NAMED __attribute__((used, visibility("hidden"))) /* called by assembly only */

#define FEW 16 /* descriptors of one poll that are checked */

/* True if the kernel handles this descriptor's data. Asks once about an unknown one. Inline: a call costs
 * a fifth more. */
static inline __attribute__((always_inline)) bool is_kernels_data(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? !unsock_fd_is_redirected(entry) : unsock_asked_fd(fd) || !unsock_write_concerns(fd);
}

/* The same for sending. False for a UDP socket of the kernel's, too: it may be replaced when it sends. */
static bool sends_by_kernel(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return is_kernels_data(fd) && !(entry && entry->kind == UNSOCK_KIND_IP && entry->type == SOCK_DGRAM);
}

static bool receives_unusually(int fd) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? unsock_fd_receives_with_care(entry) || unsock_fd_stream_leads_nowhere(entry) : !is_kernels_data(fd);
}

static bool polls_kernels(const struct pollfd *fds, unsigned long count) {
    if (count > FEW || !unsock_user_is_certain(fds, count * sizeof(*fds)))
        return false;
    for (unsigned long i = 0; i < count; i++)
        if (fds[i].fd >= 0 && !is_kernels_data(fds[i].fd))
            return false;
    return true;
}

static bool is_trapped(const struct unsock_site_call *call, unsigned index) {
    return unsock_trapped_applies(&unsock_trapped[index], call->arguments);
}

NAMED bool unsock_site_concerns(const struct unsock_site_call *call) {
    const long *a = call->arguments;
    switch (call->number) {
    case __NR_write:
    case __NR_writev:
    case __NR_sendfile:
        return !unsock_sandboxed && !is_kernels_data((int)a[0]);
    case __NR_splice:
        return !unsock_sandboxed && !is_kernels_data((int)a[2]);
    case __NR_sendto:
        return is_trapped(call, UNSOCK_TRAPPED_AT_sendto) || (!unsock_sandboxed && !sends_by_kernel((int)a[0]));
    case __NR_recvfrom:
        return is_trapped(call, UNSOCK_TRAPPED_AT_recvfrom) || receives_unusually((int)a[0]);
    case __NR_read:
        return unsock_fds_has_nobody((int)a[0]);
    case __NR_fcntl:
        return is_trapped(call, UNSOCK_TRAPPED_AT_fcntl);
    case __NR_ioctl:
        return is_trapped(call, UNSOCK_TRAPPED_AT_ioctl);
#ifdef __x86_64__
    case __NR_poll:
#endif
    case __NR_ppoll:
        return !unsock_sandboxed && !polls_kernels((const struct pollfd *)a[0], (unsigned long)a[1]);
#ifdef __x86_64__
    case __NR_epoll_wait:
#endif
    case __NR_epoll_pwait:
        /* Not one that does not wait, on a set without redirected sockets. During a wait a thread may add one. */
        return (int)a[3] != 0 || !unsock_epoll_is_kernels((int)a[0]);
    case __NR_epoll_ctl:
        is_kernels_data((int)a[2]); /* asks the kernel, once */
        return true;
    default:
        return true;
    }
}

NAMED long unsock_site_answer(const struct unsock_site_call *call) {
    return unsock_call_by_number(call->number, call->arguments);
}

uint8_t unsock_site_numbers[65536] __attribute__((section(".bss.tables")));

#define SITE_NUMBER(exported, next, machines, mark, trapped, type, name, parameters)                                   \
    UNSOCK_IF_ON_##machines(unsock_site_numbers[__NR_##name] = 1;)

void unsock_site_start(void) {
    UNSOCK_CALLS(SITE_NUMBER)
}

#ifdef __x86_64__

/*
 * A stub jumps to unsock_site_stay or unsock_site_switch, with the address behind the `syscall` in rcx. They leave all
 * registers as the kernel does: the result in rax, anything in rcx and r11. The C code has general registers alone
 * (-mgeneral-regs-only), and those that it may change are saved here. It relies on a clear direction flag (`cld`).
 *
 * DIRECTION: restores the direction flag of string instructions from the flags on the stack. `popfq` would cost as much
 * as all else here; `sahf` restores the arithmetic flags.
 *
 * ANSWER: calls unsock_site_concerns, and unsock_site_answer, with the registers on the stack. Leaves rax, and ZF set
 * if the call was not answered. rbx is the frame meanwhile: `frame` and `no_frame` say so to debuggers and profilers.
 */
/* clang-format off */
#define PUSH(register) "push %" register "\n.cfi_adjust_cfa_offset 8\n"
#define POP(register) "pop %" register "\n.cfi_adjust_cfa_offset -8\n"
#define DIRECTION "testb $4,1(%rsp)\njz 5f\nstd\n5:\n"
#define ANSWER(frame, no_frame)                                         \
    PUSH("r9") PUSH("r8") PUSH("r10") PUSH("rdx") PUSH("rsi") PUSH("rdi") PUSH("rax") \
    "mov %rsp,%rdi\n"                                                   \
    "mov %rsp,%rbx\n"                                                   \
    frame                                                               \
    "and $-16,%rsp\n"                                                   \
    "call unsock_site_concerns\n"                                       \
    "test %al,%al\n"                                                    \
    "jz 2f\n"                                                           \
    "mov %rbx,%rdi\n"                                                   \
    "call unsock_site_answer\n"                                         \
    "mov %rax,(%rbx)\n"                                                 \
    "or $1,%al\n"                                                       \
    "2: mov %rbx,%rsp\n"                                                \
    no_frame                                                            \
    POP("rax") POP("rdi") POP("rsi") POP("rdx") POP("r10") POP("r8") POP("r9")

__asm__(
    ".text\n"
    UNSOCK_ASM_HIDDEN("unsock_site_stay")
    ".cfi_def_cfa rsp,0\n"
    ".cfi_register rip,rcx\n"
    "lea -128(%rsp),%rsp\n" /* the red zone */
    ".cfi_adjust_cfa_offset 128\n"
    "pushfq\n"
    ".cfi_adjust_cfa_offset 8\n"
    "cld\n"
    PUSH("rcx") ".cfi_offset rip,-144\n"
    PUSH("rbx") ".cfi_offset rbx,-152\n"
    ANSWER(".cfi_def_cfa rbx,208\n", ".cfi_def_cfa rsp,208\n")
    POP("rbx") ".cfi_restore rbx\n"
    POP("rcx") ".cfi_register rip,rcx\n"
    "jnz 1f\n"
    "lea -2(%rcx),%rcx\n" /* back to the `syscall` */
    "1: mov %rax,%r11\n"
    DIRECTION
    "mov 1(%rsp),%al\n"
    "mov (%rsp),%ah\n"
    "and $8,%al\n"
    "add $0x78,%al\n" /* sets OF if it was set */
    "sahf\n"
    "mov %r11,%rax\n"
    "lea 136(%rsp),%rsp\n"
    ".cfi_adjust_cfa_offset -136\n"
    "jmp *%rcx\n"
    UNSOCK_ASM_END("unsock_site_stay")

    /* Until there is a stack, nothing is written to memory and no flag changed: the flags go into ax, then with the
     * call's number into r11. Offsets in gs: struct unsock_own_stack. */
    UNSOCK_ASM_HIDDEN("unsock_site_switch")
    ".cfi_def_cfa rsp,0\n"
    ".cfi_register rip,rcx\n"
    "mov %rax,%r11\n"
    "lahf\n"
    "seto %al\n"
    "movzwl %ax,%eax\n"
    "shl $32,%r11\n"
    "or %rax,%r11\n"
    "rdgsbase %rax\n"
    "test %rax,%rax\n"
    "jz 3f\n"
    "rdfsbase %rax\n"
    "cmp %gs:0,%rax\n" /* a new thread still has the gs of the thread that made it */
    "jne 3f\n"
    "cmpq $0,%gs:16\n" /* in use: a handler has interrupted a call */
    "jne 3f\n"
    "movq $1,%gs:16\n"
    "mov %rsp,%rax\n"
    "mov %gs:8,%rsp\n"
    ".cfi_def_cfa rax,0\n"
    "push %rax\n"
    "pushfq\n"
    "cld\n"
    "push %r11\n"
    "push %rcx\n"
    "push %rbx\n"
    "mov %r11,%rax\n"
    "shr $32,%rax\n"
    /* The program's rsp, rbx and return address are on the new stack. */
    ".cfi_remember_state\n"
    ANSWER(".cfi_escape 0x0f,4,0x73,0xd8,0,6\n"
           ".cfi_escape 0x10,16,3,0x73,0xc0,0\n"
           ".cfi_escape 0x10,3,2,0x73,0x38\n",
           ".cfi_restore_state\n"
           ".cfi_def_cfa rsp,56\n"
           ".cfi_undefined rip\n")
    "pop %rbx\n"
    "pop %rcx\n"
    "pop %r11\n"
    "jnz 1f\n"
    "lea -2(%rcx),%rcx\n"
    "1: xchg %rax,%r11\n"
    DIRECTION
    "lea 8(%rsp),%rsp\n"
    "pop %rsp\n"
    "movq $0,%gs:16\n"
    "add $0x7f,%al\n"
    "sahf\n"
    "mov %r11,%rax\n"
    "jmp *%rcx\n"
    /* No stack: makes the system call with the tag, so that it is trapped. The handler brings a stack. */
    "3: mov %r11d,%eax\n"
    "shr $32,%r11\n"
    "add $0x7f,%al\n"
    "sahf\n"
    "lea 0x07560000(%r11),%rax\n"
    "lea -2(%rcx),%rcx\n"
    "jmp *%rcx\n"
    UNSOCK_ASM_END("unsock_site_switch"));
/* clang-format on */

#else

/*
 * A stub calls unsock_site_stay with x16 and x30 saved. It returns to x30, with w16 1 if the call was answered, else 0.
 * All other registers keep their values, except x0, which has the result. The C code uses general registers alone, and
 * never x28, where Go's signal handlers look (scripts/build.ts).
 */
/* clang-format off */
__asm__(
    ".text\n"
    UNSOCK_ASM_HIDDEN("unsock_site_stay")
    "stp x29,x30,[sp,#-176]!\n"
    ".cfi_def_cfa_offset 176\n"
    ".cfi_offset x29,-176\n"
    ".cfi_offset x30,-168\n"
    "mov x29,sp\n"
    "stp x8,x0,[sp,#16]\n" /* struct unsock_site_call */
    "stp x1,x2,[sp,#32]\n"
    "stp x3,x4,[sp,#48]\n"
    "stp x5,x8,[sp,#64]\n"
    "stp x6,x7,[sp,#80]\n"
    "stp x9,x10,[sp,#96]\n"
    "stp x11,x12,[sp,#112]\n"
    "stp x13,x14,[sp,#128]\n"
    "mrs x9,nzcv\n"
    "stp x15,x17,[sp,#144]\n"
    "stp x18,x9,[sp,#160]\n"
    "add x0,sp,#16\n"
    "bl unsock_site_concerns\n"
    "and w16,w0,#1\n"
    "tbz w0,#0,2f\n"
    "add x0,sp,#16\n"
    "bl unsock_site_answer\n"
    "str x0,[sp,#16]\n"
    "mov w16,#1\n"
    "2: ldp x18,x9,[sp,#160]\n"
    "msr nzcv,x9\n"
    "ldp x8,x0,[sp,#16]\n"
    "cbz w16,1f\n"
    "mov x0,x8\n"
    "1: ldp x1,x2,[sp,#32]\n"
    "ldp x3,x4,[sp,#48]\n"
    "ldp x5,x8,[sp,#64]\n"
    "ldp x6,x7,[sp,#80]\n"
    "ldp x9,x10,[sp,#96]\n"
    "ldp x11,x12,[sp,#112]\n"
    "ldp x13,x14,[sp,#128]\n"
    "ldp x15,x17,[sp,#144]\n"
    "ldp x29,x30,[sp],#176\n"
    ".cfi_def_cfa_offset 0\n"
    ".cfi_restore x29\n"
    ".cfi_restore x30\n"
    "ret\n"
    UNSOCK_ASM_END("unsock_site_stay")

    /* A stub jumps here with x9 to x17 free and the address of the `svc` in x17. Takes the first stack that is not in
     * use, and gives it back. Offsets: struct unsock_own_stack. */
    UNSOCK_ASM_HIDDEN("unsock_site_switch")
    ".cfi_def_cfa sp,0\n"
    "adrp x9,unsock_site_stacks\n"
    "add x9,x9,:lo12:unsock_site_stacks\n"
    "1: ldr x10,[x9],#8\n"
    "cbz x10,3f\n"
    "add x11,x10,#16\n"
    "ldr x12,[x11]\n"
    "cbnz x12,1b\n"
    "2: ldaxr x12,[x11]\n"
    "cbnz x12,1b\n"
    "stxr w12,x11,[x11]\n"
    "cbnz w12,2b\n"
    "mov x12,sp\n"
    "ldr x13,[x10,#8]\n"
    "mov sp,x13\n"
    ".cfi_def_cfa x12,0\n"
    "stp x12,x30,[sp,#-16]!\n"
    ".cfi_escape 0x0f,3,0x8f,0,6\n" /* the program's sp and return address are on the new stack */
    ".cfi_escape 0x10,30,2,0x8f,8\n"
    "bl unsock_site_stay\n"
    "add x17,x17,w16,uxtw #2\n" /* behind the `svc` if answered */
    "ldr x30,[sp,#8]\n"
    "mov sp,x12\n"
    ".cfi_def_cfa sp,0\n"
    ".cfi_restore x30\n"
    "stlr xzr,[x11]\n"
    "br x17\n"
    /* No stack: makes the system call with the tag, so that it is trapped. The handler brings a stack. */
    "3: movk w8,#0x0756,lsl #16\n"
    "br x17\n"
    UNSOCK_ASM_END("unsock_site_switch"));
/* clang-format on */

#endif

_Static_assert(UNSOCK_TRAPPED_TAG == 0x07560000, "as above");
_Static_assert(offsetof(struct unsock_own_stack, thread_pointer) == 0 && offsetof(struct unsock_own_stack, top) == 8 &&
                   offsetof(struct unsock_own_stack, in_use) == 16,
               "as above");
