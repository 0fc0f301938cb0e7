/* Changes code, asks the dynamic linker for the object around an address, and finds the vDSO's clock. */
#include "rt/code.h"

#include "rt/system_calls.h"

#include <elf.h>
#include <stddef.h>

long unsock_code_copy(long fd, uint64_t offset, uint64_t size) {
    return unsock_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, offset);
}

long unsock_code_make(uint64_t at, uint64_t size) {
    return unsock_mprotect(at, size, PROT_READ | PROT_EXEC);
}

long unsock_code_move(uint64_t copy, uint64_t size, uint64_t to) {
    long result = unsock_code_make(copy, size);
    if (result < 0)
        return result;
    result = unsock_mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    return unsock_is_error(result) ? result : 0;
}

/* The kernel updates the instruction cache only for the address at which pages become executable. If the pages are then
 * moved, a processor may still hold old instructions of their new address. */
void unsock_code_sync(uint64_t at, uint64_t size) {
#ifdef __aarch64__
    uint64_t kinds, end = at + size;
    __asm__("mrs %0,ctr_el0" : "=r"(kinds));
    uint64_t data = (uint64_t)4 << (kinds >> 16 & 15), code = (uint64_t)4 << (kinds & 15);
    for (uint64_t line = at & ~(data - 1); line < end; line += data)
        __asm__ volatile("dc cvau,%0" : : "r"(line) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (uint64_t line = at & ~(code - 1); line < end; line += code)
        __asm__ volatile("ic ivau,%0" : : "r"(line) : "memory");
    __asm__ volatile("dsb ish\nisb" : : : "memory");
#else
    (void)at, (void)size;
#endif
}

/* _dl_find_object makes no system call. It is declared weak, as a libc may lack it. */

/* The needed parts of dlfcn.h and link.h. */
struct link_map {
    uintptr_t difference;
    const char *name;
};

struct dl_find_object {
    unsigned long long flags;
    void *start;
    void *end;
    const struct link_map *map;
    void *frames;
    uint64_t reserved[7];
};

extern int _dl_find_object(const void *address, struct dl_find_object *result) __attribute__((weak));

bool unsock_object_of(const void *address, const char **file, uint64_t *start) {
    struct dl_find_object object;
    if (!_dl_find_object || _dl_find_object(address, &object) != 0)
        return false;
    *file = object.map->name;
    *start = (uint64_t)object.start;
    return true;
}

/* Finds the clock in the vDSO's ELF image. The image's tables hold addresses without the load bias. */

#if defined(__x86_64__)
#define CLOCK "__vdso_clock_gettime"
#else
#define CLOCK "__kernel_clock_gettime"
#endif

int (*unsock_vdso_clock)(int clock, struct timespec *time);

void unsock_vdso_start(uint64_t header) {
    const Elf64_Ehdr *file = (const Elf64_Ehdr *)header;
    const Elf64_Dyn *dynamic = NULL;
    const Elf64_Sym *symbols = NULL;
    const char *names = NULL;
    const uint32_t *hash = NULL; /* [1]: the number of symbols */
    uint64_t bias = 0;
    for (unsigned i = 0; file && i < file->e_phnum; i++) {
        const Elf64_Phdr *segment = (const Elf64_Phdr *)(header + file->e_phoff) + i;
        if (segment->p_type == PT_LOAD)
            bias = header + segment->p_offset - segment->p_vaddr;
        if (segment->p_type == PT_DYNAMIC)
            dynamic = (const Elf64_Dyn *)(header + segment->p_offset);
    }
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        uint64_t at = bias + dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = (const Elf64_Sym *)at;
        else if (dynamic->d_tag == DT_STRTAB)
            names = (const char *)at;
        else if (dynamic->d_tag == DT_HASH)
            hash = (const uint32_t *)at;
    }
    for (uint32_t i = 1; symbols && names && hash && i < hash[1]; i++) {
        const char *name = names + symbols[i].st_name;
        uint64_t at = bias + symbols[i].st_value;
        if (strlen(name) == sizeof(CLOCK) - 1 && unsock_same(name, CLOCK, sizeof(CLOCK) - 1))
            memcpy(&unsock_vdso_clock, &at, sizeof(at));
    }
}
