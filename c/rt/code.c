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

/* The kernel does this only for the address where the pages become executable. A processor may still hold instructions
 * that it fetched from the address to which they were moved. */
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

/* Asks the dynamic linker, which knows the object without a system call. Its function is weak, as all of libc's are. */

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

/* Finds the clock in an ELF image in memory. Its tables hold the addresses that the file has, without the load bias. */

#if defined(__x86_64__)
#define CLOCK "__vdso_clock_gettime"
#else
#define CLOCK "__kernel_clock_gettime"
#endif

int (*unsock_vdso_clock)(int clock, struct timespec *time);

struct tables {
    uint64_t bias;
    const Elf64_Dyn *dynamic;
    const Elf64_Sym *symbols;
    const char *names;
    const uint32_t *hash; /* [1]: the number of symbols */
};

static void read_segments(uint64_t at, struct tables *tables) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)at;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(at + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD)
            tables->bias = at + segments[i].p_offset - segments[i].p_vaddr;
        if (segments[i].p_type == PT_DYNAMIC)
            tables->dynamic = (const Elf64_Dyn *)(at + segments[i].p_offset);
    }
}

static void read_dynamic(struct tables *tables) {
    for (const Elf64_Dyn *entry = tables->dynamic; entry && entry->d_tag != DT_NULL; entry++) {
        uint64_t at = tables->bias + entry->d_un.d_ptr;
        if (entry->d_tag == DT_SYMTAB)
            tables->symbols = (const Elf64_Sym *)at;
        else if (entry->d_tag == DT_STRTAB)
            tables->names = (const char *)at;
        else if (entry->d_tag == DT_HASH)
            tables->hash = (const uint32_t *)at;
    }
}

void unsock_vdso_start(uint64_t header) {
    struct tables tables = {0};
    if (header == 0)
        return;
    read_segments(header, &tables);
    read_dynamic(&tables);
    if (!tables.symbols || !tables.names || !tables.hash)
        return;
    for (uint32_t i = 1; i < tables.hash[1]; i++) {
        const char *name = tables.names + tables.symbols[i].st_name;
        if (strlen(name) != sizeof(CLOCK) - 1 || !unsock_same(name, CLOCK, sizeof(CLOCK) - 1))
            continue;
        uint64_t at = tables.bias + tables.symbols[i].st_value;
        memcpy(&unsock_vdso_clock, &at, sizeof(at));
    }
}
