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
#define IS_RELATIVE(type) ((type) == R_X86_64_RELATIVE)
#define IS_SYMBOL(type) ((type) == R_X86_64_GLOB_DAT || (type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_64)
#elif defined(__aarch64__)
#define IS_RELATIVE(type) ((type) == R_AARCH64_RELATIVE)
#define IS_SYMBOL(type) ((type) == R_AARCH64_GLOB_DAT || (type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_ABS64)
#endif

static void relocate_table(uint64_t table, uint64_t size, const Elf64_Sym *symbols, uint64_t base) {
    const Elf64_Rela *relocation = (const Elf64_Rela *)(base + table), *end = relocation + size / sizeof(*relocation);
    for (; relocation < end; relocation++) {
        uint64_t *place = (uint64_t *)(base + relocation->r_offset);
        uint64_t type = ELF64_R_TYPE(relocation->r_info);
        const Elf64_Sym *symbol = &symbols[ELF64_R_SYM(relocation->r_info)];
        if (IS_RELATIVE(type))
            *place = base + (uint64_t)relocation->r_addend;
        else if (IS_SYMBOL(type) && symbol->st_shndx != SHN_UNDEF)
            *place = base + symbol->st_value + (uint64_t)relocation->r_addend;
    }
}

static void relocate_self(void) {
    uint64_t base = (uint64_t)&__ehdr_start;
    uint64_t rela = 0, rela_size = 0, plt = 0, plt_size = 0, symbols = 0;
    for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_RELA)
            rela = entry->d_un.d_ptr;
        else if (entry->d_tag == DT_RELASZ)
            rela_size = entry->d_un.d_val;
        else if (entry->d_tag == DT_JMPREL)
            plt = entry->d_un.d_ptr;
        else if (entry->d_tag == DT_PLTRELSZ)
            plt_size = entry->d_un.d_val;
        else if (entry->d_tag == DT_SYMTAB)
            symbols = entry->d_un.d_ptr;
    }
    relocate_table(rela, rela_size, (const Elf64_Sym *)(base + symbols), base);
    relocate_table(plt, plt_size, (const Elf64_Sym *)(base + symbols), base);
}

__attribute__((noreturn)) static void run_program(void *given) {
    uint64_t *stack = given;
    int argc = (int)stack[0];
    const char *const *argv = (const char *const *)(stack + 1);
    unsock_exit(unsock_program(argc, argv, argv + argc + 1));
}

/* `stack` is the kernel's: argc, argv…, NULL, environment…, NULL, auxiliary vector (System V ABI). It may be small
 * (ulimit -s 16), so this function maps a larger one, with MAP_GROWSDOWN, which does not count as data (ulimit -d). */
__attribute__((used, noreturn, visibility("hidden"))) void unsock_started(uint64_t *stack) {
    relocate_self();
    void (*function)(void *) = unsock_loader_is_asked(stack) ? unsock_loader_start : run_program;
    long room = unsock_mmap(0, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    if (unsock_is_error(room))
        function(stack);
    unsock_call_on(function, stack, (void *)(room + (long)STACK_SIZE));
    __builtin_unreachable();
}
