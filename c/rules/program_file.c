/* Reads the beginning of a program file: ELF headers, section names, "#!". */
#include "rules/program_file.h"

#include "rt/text.h"

#include <elf.h>

/* Begins a Go program's build information, aligned to 16 in its first writable segment (Go's debug/buildinfo). */
static const char go_mark[] = "\xff Go buildinf:";
#define GO_MARK_SIZE (sizeof(go_mark) - 1)
#define GO_SEARCH (64 * 1024u)
#define SEGMENTS_MOST 64
#define SECTIONS_MOST 96

#define ROOM 8192

struct reading {
    const struct unsock_program_source *source;
    Elf64_Ehdr header;
    unsigned segment_count;
    Elf64_Phdr segments[SEGMENTS_MOST];
    _Alignas(16) uint8_t room[ROOM];
};

_Static_assert(sizeof(struct reading) <= UNSOCK_PROGRAM_ROOM, "it fits into the caller's room");

static bool read_program_bytes(const struct reading *reading, uint64_t offset, void *bytes, size_t size) {
    return reading->source->read(reading->source, offset, bytes, size) == (long)size;
}

/* Reads "#!", blanks, the interpreter, blanks, and the argument without blanks at its end (fs/binfmt_script.c). */
static void read_script(const char *line, size_t length, struct unsock_program_file *file) {
    struct unsock_span rest = {line + 2, length - 2};
    rest = unsock_span_next(&rest, '\n');
    for (size_t i = 0; i < rest.length; i++) {
        if (rest.at[i] == '\0')
            rest.length = i;
    }
    while (rest.length > 0 && (rest.at[0] == ' ' || rest.at[0] == '\t'))
        rest = (struct unsock_span){rest.at + 1, rest.length - 1};
    while (rest.length > 0 && (rest.at[rest.length - 1] == ' ' || rest.at[rest.length - 1] == '\t'))
        rest.length--;
    size_t name = 0;
    while (name < rest.length && rest.at[name] != ' ' && rest.at[name] != '\t')
        name++;
    if (name == 0)
        return;
    file->kind = UNSOCK_PROGRAM_SCRIPT;
    struct unsock_text text = unsock_text_in(file->interpreter, sizeof(file->interpreter));
    unsock_text_span(&text, (struct unsock_span){rest.at, name});
    while (name < rest.length && (rest.at[name] == ' ' || rest.at[name] == '\t'))
        name++;
    text = unsock_text_in(file->argument, sizeof(file->argument));
    unsock_text_span(&text, (struct unsock_span){rest.at + name, rest.length - name});
}

/* True if a section's name is Go's or Free Pascal's. Some stripped programs have no sections. */
static bool sections_tell(struct reading *reading, struct unsock_program_file *file) {
    const Elf64_Ehdr *header = &reading->header;
    Elf64_Shdr names;
    if (header->e_shentsize != sizeof(names) || header->e_shstrndx >= header->e_shnum ||
        header->e_shnum > SECTIONS_MOST)
        return false;
    if (!read_program_bytes(reading, header->e_shoff + header->e_shstrndx * sizeof(names), &names, sizeof(names)))
        return false;
    size_t size = UNSOCK_MIN(names.sh_size, (uint64_t)ROOM);
    if (!read_program_bytes(reading, names.sh_offset, reading->room, size))
        return false;
    struct unsock_span rest = {(const char *)reading->room, size};
    while (rest.length > 0) {
        struct unsock_span name = unsock_span_next(&rest, '\0');
        file->is_pascal = unsock_span_is(name, ".fpcdata");
        if (file->is_pascal || unsock_span_is(name, ".go.buildinfo"))
            return true;
    }
    return false;
}

static bool has_go_mark(struct reading *reading) {
    const Elf64_Phdr *data = NULL;
    for (unsigned i = 0; i < reading->segment_count && !data; i++) {
        if (reading->segments[i].p_type == PT_LOAD && (reading->segments[i].p_flags & PF_W))
            data = &reading->segments[i];
    }
    uint64_t size = data ? UNSOCK_MIN(data->p_filesz, (uint64_t)GO_SEARCH) : 0;
    for (uint64_t done = 0; done < size; done += ROOM) {
        size_t part = (size_t)UNSOCK_MIN(size - done, (uint64_t)ROOM);
        if (!read_program_bytes(reading, data->p_offset + done, reading->room, part))
            return false;
        for (size_t at = 0; at + GO_MARK_SIZE <= part; at += 16) {
            if (unsock_same(reading->room + at, go_mark, GO_MARK_SIZE))
                return true;
        }
    }
    return false;
}

static enum unsock_program_kind elf_kind(struct reading *reading, struct unsock_program_file *file) {
    Elf64_Ehdr *header = &reading->header;
    file->bits = header->e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    file->machine = header->e_machine;
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != UNSOCK_ELF_MACHINE)
        return UNSOCK_PROGRAM_FOREIGN;
    if ((header->e_type != ET_EXEC && header->e_type != ET_DYN) || header->e_phentsize != sizeof(Elf64_Phdr) ||
        header->e_phnum == 0 || header->e_phnum > SEGMENTS_MOST)
        return UNSOCK_PROGRAM_OTHER;
    reading->segment_count = header->e_phnum;
    if (!read_program_bytes(reading, header->e_phoff, reading->segments, header->e_phnum * sizeof(Elf64_Phdr)))
        return UNSOCK_PROGRAM_OTHER;
    file->own_calls = sections_tell(reading, file) || (header->e_shnum == 0 && has_go_mark(reading));
    for (unsigned i = 0; i < reading->segment_count; i++) {
        if (reading->segments[i].p_type == PT_INTERP)
            return file->own_calls ? UNSOCK_PROGRAM_OWN_CALLS : UNSOCK_PROGRAM_DYNAMIC;
    }
    return UNSOCK_PROGRAM_STATIC;
}

void unsock_program_file_read(const struct unsock_program_source *source, void *room,
                              struct unsock_program_file *file) {
    struct reading *reading = room;
    char *line = (char *)reading->room;
    reading->source = source;
    reading->segment_count = 0;
    *file = (struct unsock_program_file){.kind = UNSOCK_PROGRAM_OTHER};
    long length = source->read(source, 0, line, UNSOCK_SCRIPT_LINE - 1);
    if (length >= 3 && line[0] == '#' && line[1] == '!')
        read_script(line, (size_t)length, file);
    if (length < (long)sizeof(reading->header) || !unsock_same(line, ELFMAG, SELFMAG))
        return;
    memcpy(&reading->header, line, sizeof(reading->header));
    file->kind = elf_kind(reading, file);
}
