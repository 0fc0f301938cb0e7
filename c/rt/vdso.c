/* Finding the clock: an ELF image in memory, whose tables give addresses as in the file. */
#include "rt/code.h"

#include "rt/mem.h"

#include <elf.h>

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
    const uint32_t *hash; /* [1]: how many symbols */
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
