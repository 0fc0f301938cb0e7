/* The entry point of libunsock.so as a program. The kernel maps the library like a static PIE and applies no
 * relocations. So this code first applies them, and may use only PC-relative code and data until then. */
#include "program/options.h"
#include "rt/system_calls.h"
#include "trap/image.h"
#include "trap/site.h"

#define STACK_SIZE (256ul * 1024)

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));

#if defined(__x86_64__)
#define RELATIVE R_X86_64_RELATIVE
#elif defined(__aarch64__)
#define RELATIVE R_AARCH64_RELATIVE
#endif

/* Applies the relocations without a symbol. Skips those that name a symbol: all these symbols are libc's, and stay
 * NULL. The library's own functions were bound by the link editor (-Bsymbolic). */
static void relocate_self(void) {
    uint64_t base = (uint64_t)&__ehdr_start, table = 0, size = 0;
    for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_RELA)
            table = entry->d_un.d_ptr;
        else if (entry->d_tag == DT_RELASZ)
            size = entry->d_un.d_val;
    }
    const Elf64_Rela *relocation = (const Elf64_Rela *)(base + table), *end = relocation + size / sizeof(*relocation);
    for (; relocation < end; relocation++)
        if (ELF64_R_TYPE(relocation->r_info) == RELATIVE)
            *(uint64_t *)(base + relocation->r_offset) = base + (uint64_t)relocation->r_addend;
}

__attribute__((noreturn)) static void run_program(void *given) {
    uint64_t *stack = given;
    int argc = (int)stack[0];
    const char *const *argv = (const char *const *)(stack + 1);
    unsock_exit(unsock_program(argc, argv, argv + argc + 1));
}

/* `stack` is the kernel's: argc, argv…, NULL, environment…, NULL, auxiliary vector (System V ABI). The kernel's stack
 * may be small (ulimit -s 16), so this maps a larger one, with MAP_GROWSDOWN, which ulimit -d does not count. */
__attribute__((used, noreturn, visibility("hidden"))) void unsock_started(uint64_t *stack) {
    relocate_self();
    void (*function)(void *) = unsock_loader_is_asked(stack) ? unsock_loader_start : run_program;
    long room = unsock_mmap(0, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    if (unsock_is_error(room))
        function(stack);
    unsock_call_on(function, stack, (void *)(room + (long)STACK_SIZE));
    __builtin_unreachable();
}
