/* Maps an ELF file into memory. */
#include "trap/image.h"

#include "rt/system_calls.h"

struct mapping {
    long fd;
    uint64_t page;
    Elf64_Ehdr header;
    Elf64_Phdr segments[UNSOCK_IMAGE_SEGMENTS];
};

static long map_private(uint64_t at, uint64_t size, int protection, int flags, long fd, uint64_t offset) {
    return unsock_mmap(at, size, protection, MAP_PRIVATE | flags, fd, offset);
}

static uint64_t down(const struct mapping *mapping, uint64_t address) {
    return address & ~(mapping->page - 1);
}

static uint64_t up(const struct mapping *mapping, uint64_t address) {
    return down(mapping, address + mapping->page - 1);
}

/* Reads the file's header and program headers. False if the file is no program that can be mapped. */
static bool read_headers(struct mapping *mapping) {
    Elf64_Ehdr *header = &mapping->header;
    if (unsock_pread64(mapping->fd, header, sizeof(*header), 0) != (long)sizeof(*header))
        return false;
    long size = (long)(header->e_phnum * sizeof(Elf64_Phdr));
    bool good = unsock_same(header->e_ident, ELFMAG, SELFMAG) &&
                (header->e_type == ET_EXEC || header->e_type == ET_DYN) && header->e_phentsize == sizeof(Elf64_Phdr) &&
                header->e_phnum > 0 && header->e_phnum <= UNSOCK_IMAGE_SEGMENTS;
    return good && unsock_pread64(mapping->fd, mapping->segments, size, header->e_phoff) == size;
}

/* The memory of all segments, from the first one's page to the last one's end; and the largest alignment. */
struct extent {
    uint64_t first;
    uint64_t size;
    uint64_t alignment;
};

static bool measure(const struct mapping *mapping, struct extent *extent) {
    uint64_t first = UINT64_MAX, end = 0;
    extent->alignment = mapping->page;
    for (unsigned i = 0; i < mapping->header.e_phnum; i++) {
        const Elf64_Phdr *segment = &mapping->segments[i];
        if (segment->p_type != PT_LOAD)
            continue;
        first = UNSOCK_MIN(first, segment->p_vaddr);
        end = segment->p_vaddr + segment->p_memsz > end ? segment->p_vaddr + segment->p_memsz : end;
        bool power = (segment->p_align & (segment->p_align - 1)) == 0;
        extent->alignment = power && segment->p_align > extent->alignment ? segment->p_align : extent->alignment;
    }
    extent->first = down(mapping, first);
    extent->size = end > first ? up(mapping, end) - extent->first : 0;
    return extent->size > 0;
}

/* Reserves the memory of all segments with one mmap, so that no other mapping gets between them. Stores the bias. */
static long reserve(const struct mapping *mapping, const struct extent *extent, uint64_t *bias) {
    int flags = MAP_ANONYMOUS | MAP_NORESERVE;
    if (mapping->header.e_type == ET_EXEC) {
        long at = map_private(extent->first, extent->size, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
        *bias = 0;
        return unsock_is_error(at) ? at : at == (long)extent->first ? 0 : -ENOMEM;
    }
    uint64_t slack = extent->alignment - mapping->page;
    long at = map_private(0, extent->size + slack, PROT_NONE, flags, -1, 0);
    if (unsock_is_error(at))
        return at;
    uint64_t start = ((uint64_t)at + slack) & ~(extent->alignment - 1);
    if (start > (uint64_t)at)
        unsock_munmap(at, start - (uint64_t)at);
    uint64_t rest = (uint64_t)at + slack - start;
    if (rest > 0)
        unsock_munmap(start + extent->size, rest);
    *bias = start - extent->first;
    return 0;
}

/* Maps a segment: the file's bytes, zeros behind them in the last page (if writable), anonymous pages for the rest. */
static long map_segment(const struct mapping *mapping, const Elf64_Phdr *segment, uint64_t bias) {
    uint64_t start = down(mapping, bias + segment->p_vaddr);
    uint64_t before = bias + segment->p_vaddr - start;
    uint64_t file_end = bias + segment->p_vaddr + segment->p_filesz;
    uint64_t end = up(mapping, bias + segment->p_vaddr + segment->p_memsz);
    int protection = (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
                     (segment->p_flags & PF_X ? PROT_EXEC : 0);
    uint64_t zeros = start;
    long result = 0;
    if (segment->p_filesz > 0) {
        result = map_private(start, before + segment->p_filesz, protection, MAP_FIXED, mapping->fd,
                             segment->p_offset - before);
        zeros = up(mapping, file_end);
    }
    if (!unsock_is_error(result) && segment->p_filesz > 0 && segment->p_memsz > segment->p_filesz &&
        (protection & PROT_WRITE))
        memset((void *)file_end, 0, UNSOCK_MIN(zeros, bias + segment->p_vaddr + segment->p_memsz) - file_end);
    if (!unsock_is_error(result) && end > zeros)
        result = map_private(zeros, end - zeros, protection, MAP_FIXED | MAP_ANONYMOUS, -1, 0);
    return unsock_is_error(result) ? result : 0;
}

/* Stores in the image what this segment tells: the stack's protection, the headers' address, code, the interpreter. */
static long note_segment(const struct mapping *mapping, const Elf64_Phdr *segment, struct unsock_image *image) {
    uint64_t headers = mapping->header.e_phoff;
    if (segment->p_type == PT_GNU_STACK)
        image->executable_stack = segment->p_flags & PF_X;
    if (segment->p_type == PT_LOAD && headers >= segment->p_offset && headers < segment->p_offset + segment->p_filesz)
        image->headers = image->bias + segment->p_vaddr + headers - segment->p_offset;
    if (segment->p_type == PT_LOAD && (segment->p_flags & (PF_R | PF_W | PF_X)) == (PF_R | PF_X) &&
        image->text_count < UNSOCK_IMAGE_TEXTS)
        image->texts[image->text_count++] =
            (struct unsock_image_text){image->bias + segment->p_vaddr, segment->p_filesz, segment->p_offset};
    if (segment->p_type != PT_INTERP)
        return 0;
    if (segment->p_filesz < 2 || segment->p_filesz > sizeof(image->interpreter))
        return -ENOEXEC;
    long size = (long)segment->p_filesz;
    bool read = unsock_pread64(mapping->fd, image->interpreter, size, segment->p_offset) == size;
    return read && image->interpreter[size - 1] == '\0' ? 0 : -ENOEXEC;
}

long unsock_image_map(long fd, uint64_t page, struct unsock_image *image) {
    struct mapping mapping = {.fd = fd, .page = page};
    struct extent extent;
    memset(image, 0, offsetof(struct unsock_image, interpreter) + 1);
    if (!read_headers(&mapping) || !measure(&mapping, &extent))
        return -ENOEXEC;
    long result = reserve(&mapping, &extent, &image->bias);
    for (unsigned i = 0; result >= 0 && i < mapping.header.e_phnum; i++) {
        if (mapping.segments[i].p_type == PT_LOAD)
            result = map_segment(&mapping, &mapping.segments[i], image->bias);
        if (result >= 0)
            result = note_segment(&mapping, &mapping.segments[i], image);
    }
    image->first = image->bias + extent.first;
    image->size = extent.size;
    image->entry = image->bias + mapping.header.e_entry;
    image->header_count = mapping.header.e_phnum;
    return result < 0 ? result : 0;
}
