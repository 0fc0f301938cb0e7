/* Finds faults in a library's file for which ld.so would ignore the library, or a program would get SIGBUS. */
#include "process/start.h"

#include "kernel/file_info.h"
#include "process/run_directory.h"
#include "rt/system_calls.h"
#include "rules/errno.h"
#include "unsock.h"

#include <elf.h>

#define SEGMENTS_MOST 32
#define NOTES_MOST 1024
#define NOTE_NAME "unsock"
#define NOTE_ALIGN 4
#define VERSION_ROOM 32

/* The note that identifies a file as this library, with its version. It can be read without running the file's code. */
static const struct note {
    Elf64_Nhdr header;
    char name[8];
    char version[VERSION_ROOM];
} note __attribute__((section(".note.unsock"), used, aligned(NOTE_ALIGN))) = {
    {sizeof(NOTE_NAME), VERSION_ROOM, 1},
    NOTE_NAME,
    UNSOCK_VERSION,
};

struct proof {
    const char *path;
    struct unsock_text *error;
    long fd;
    uint64_t size;
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS_MOST];
};

static bool fail_proof(const struct proof *proof, const char *why, const char *advice) {
    return unsock_text_fail(proof->error, "library ", proof->path, ": ", why, advice[0] != '\0' ? ": " : "", advice);
}

static bool read_at(const struct proof *proof, uint64_t offset, void *bytes, size_t size) {
    return unsock_pread64(proof->fd, bytes, size, offset) == (long)size;
}

/* Opens the file, after checks of its name, its type, and the users who could have written it. */
static bool open_trusted(struct proof *proof) {
    struct statx status;
    UNSOCK_TEXT(why, UNSOCK_PAGE + 64);
    for (const char *c = proof->path; *c != '\0'; c++)
        if (*c == ':' || *c == ' ' || (*c >= '\t' && *c <= '\r'))
            return fail_proof(proof, "LD_PRELOAD cannot hold a path with a colon or a blank", "move it or use --lib");
    long result = unsock_statx(AT_FDCWD, proof->path, 0, STATX_TYPE | STATX_SIZE, &status);
    if (result == 0 && (status.stx_mode & S_IFMT) != S_IFREG)
        result = -ENOENT;
    if (result < 0)
        return fail_proof(proof, result == -ENOENT ? "No such file" : unsock_errno_words(-result), "");
    proof->size = status.stx_size;
    if (!unsock_trust(proof->path, &why))
        return fail_proof(proof, why.buffer, "use --lib with a copy that only you can write");
    proof->fd = unsock_openat(AT_FDCWD, proof->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    return proof->fd >= 0 || fail_proof(proof, "not readable", "");
}

static bool is_shared_object(struct proof *proof) {
    Elf64_Ehdr *header = &proof->header;
    if (!read_at(proof, 0, header, sizeof(*header)) || !unsock_same(header->e_ident, ELFMAG, SELFMAG) ||
        header->e_type != ET_DYN)
        return fail_proof(proof, "not a shared object", "");
    if (header->e_machine != UNSOCK_ELF_MACHINE || header->e_ident[EI_CLASS] != ELFCLASS64)
        return fail_proof(proof, "made for another machine", "");
    return true;
}

static bool is_whole(struct proof *proof) {
    const Elf64_Ehdr *header = &proof->header;
    uint64_t end = header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize;
    size_t size = header->e_phnum * sizeof(Elf64_Phdr);
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 || header->e_phnum > SEGMENTS_MOST)
        return fail_proof(proof, "not a shared object", "");
    bool read = read_at(proof, header->e_phoff, proof->segments, size);
    for (unsigned i = 0; read && i < header->e_phnum; i++) {
        const Elf64_Phdr *segment = &proof->segments[i];
        if (segment->p_type == PT_LOAD && segment->p_offset + segment->p_filesz > end)
            end = segment->p_offset + segment->p_filesz;
    }
    return (read && end <= proof->size) || fail_proof(proof, "cut short", "copy it once more");
}

/* Returns the version in a note that begins as `note`, as all versions of the library have; NULL if there is none. */
static const char *version_in(const uint8_t *notes, size_t size) {
    size_t begin = offsetof(struct note, version);
    for (size_t at = 0; at + sizeof(note) <= size; at += NOTE_ALIGN)
        if (unsock_same(notes + at, &note, begin) && notes[at + sizeof(note) - 1] == '\0')
            return (const char *)notes + at + begin;
    return NULL;
}

static bool is_this_version(const struct proof *proof) {
    uint8_t notes[NOTES_MOST];
    const char *version = NULL;
    for (unsigned i = 0; i < proof->header.e_phnum && !version; i++) {
        const Elf64_Phdr *segment = &proof->segments[i];
        size_t size = UNSOCK_MIN(segment->p_filesz, (uint64_t)sizeof(notes));
        if (segment->p_type == PT_NOTE && read_at(proof, segment->p_offset, notes, size))
            version = version_in(notes, size);
    }
    if (!version)
        return fail_proof(proof, "is not libunsock.so, or one of before 2.0",
                          "use --lib with that of unsock " UNSOCK_VERSION);
    if (unsock_span_is(unsock_span_of(version), note.version))
        return true;
    return unsock_text_fail(proof->error, "library ", proof->path, ": version ", version,
                            ": this is unsock " UNSOCK_VERSION, ": use its own");
}

/* Checks that the file can be mapped to execute code, as the dynamic linker will map it. */
static bool can_be_mapped(const struct proof *proof) {
    long memory = unsock_mmap(0, UNSOCK_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, proof->fd, 0);
    if (unsock_is_error(memory))
        return fail_proof(proof, memory == -EPERM ? "its file system is mounted noexec" : unsock_errno_words(-memory),
                          "nothing can be preloaded from there: use --lib with a copy elsewhere");
    unsock_munmap(memory, UNSOCK_PAGE);
    return true;
}

bool unsock_proof_library(const char *path, struct unsock_text *error) {
    struct proof proof = {.path = path, .error = error, .fd = -1};
    bool good = open_trusted(&proof) && is_shared_object(&proof) && is_whole(&proof) && is_this_version(&proof) &&
                can_be_mapped(&proof);
    unsock_close_open(proof.fd);
    return good;
}

bool unsock_proof_choose(const char *option, const char *own, const char *const *environment, char *path,
                         struct unsock_text *error) {
    const char *named = option ? option : unsock_environment_get(environment, "UNSOCK_LIB");
    if (!named && !own)
        return unsock_text_fail(
            error, "library: /proc/self/exe does not tell its path: is /proc mounted? UNSOCK_LIB=FILE names one");
    return unsock_run_resolve_named("library", named ? named : own, path, error) && unsock_proof_library(path, error);
}

static bool forbidden(struct unsock_text *error, const char *call, long result) {
    return unsock_text_fail(
        error, "sockets: ", call, ": ", unsock_errno_words(-result),
        ": a seccomp filter or a service's RestrictAddressFamilies= forbids it: allow AF_UNIX sockets and bind there");
}

bool unsock_sockets_allowed(struct unsock_text *error) {
    static const struct {
        int type;
        char call[32];
    } kinds[] = {{SOCK_STREAM, "socket(AF_UNIX) of streams"}, {SOCK_DGRAM, "socket(AF_UNIX) of datagrams"}};
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        UNSOCK_CLOSED long fd = unsock_socket(AF_UNIX, kinds[i].type | SOCK_CLOEXEC, 0);
        if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
            return true; /* a shortage does not show whether the call is allowed */
        if (fd < 0)
            return forbidden(error, kinds[i].call, fd);
        /* Binds to the family AF_UNSPEC: filters and security modules check the call before the kernel refuses it. */
        static const struct sockaddr_un nowhere = {AF_UNSPEC, "/"};
        long result = unsock_bind(fd, &nowhere, sizeof(nowhere.sun_family) + sizeof("/"));
        if (result != -EINVAL)
            return forbidden(error, "bind of an AF_UNIX socket", result);
    }
    return true;
}
