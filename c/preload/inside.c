/* Intercepts libc's own writes (fprintf, fwrite, fclose) in a preloaded program. libc calls its `write` by address, not
 * by symbol, so the start of that function becomes a jump to the library. Only a libc whose bytes are known is changed
 * (rules/call_site.h), before there is a second thread. The library itself calls the part of libc that makes the system
 * call, so a write is still a cancellation point. */
#include "calls/list.h"
#include "kernel/log.h"
#include "process/start.h"
#include "rt/code.h"
#include "rules/call_site.h"

#include <elf.h>

#define NOT_FOUND (-ENOEXEC) /* the code is not found in its file */

typedef ssize_t write_function(int, const void *, size_t);
typedef long cancel_function(long, long, long, long, long, long, long);

/* glibc's __syscall_cancel, since 2.41. */
static cancel_function *cancel;

/* The value of unsock_next.write with glibc 2.41 or later. With an older libc, it is a part of libc's own `write`. */
static ssize_t write_by_cancel(int fd, const void *data, size_t size) {
    return cancel(fd, (long)data, (long)size, 0, 0, 0, __NR_write);
}

/* The start of libc's `write` jumps here, not to the exported `write`: that symbol may be another library's. */
static ssize_t inside_write(int fd, const void *data, size_t size) {
    return unsock_libc_result(unsock_active() ? unsock_call_write(fd, data, size) : unsock_real_write(fd, data, size));
}

/* Returns the file offset of the address `at` in the object mapped at `start`; 0 if no executable segment has it. */
static uint64_t offset_in_file(uint64_t start, uint64_t at) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)start;
    const Elf64_Phdr *parts = (const Elf64_Phdr *)(start + header->e_phoff);
    if (!unsock_same(header->e_ident, ELFMAG, SELFMAG) ||
        header->e_phoff + header->e_phnum * sizeof(*parts) > UNSOCK_PAGE)
        return 0;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        uint64_t within = at - start - parts[i].p_vaddr;
        if (parts[i].p_type == PT_LOAD && (parts[i].p_flags & PF_X) && within < parts[i].p_filesz)
            return parts[i].p_offset + within;
    }
    return 0;
}

/* Puts the jump into the copy of the page, and moves the copy over the page. The copy comes from the file, and must
 * equal the page: the file may have been replaced, or the code changed already. */
static long put_jump_in_libc(uint64_t at, long copy) {
    uint64_t page = at & ~(UNSOCK_PAGE - 1);
    if (!unsock_same((const void *)copy, (const void *)page, UNSOCK_PAGE) ||
        !unsock_call_stub_jump(at, (uint64_t)inside_write, (uint8_t *)copy + (at - page)))
        return NOT_FOUND;
    long result = unsock_code_move((uint64_t)copy, UNSOCK_PAGE, page);
    if (result == 0)
        unsock_code_sync(at, UNSOCK_CALL_JUMP);
    return result;
}

static long change_libc_write(uint64_t at) {
    const char *file;
    uint64_t start, offset;
    if (!unsock_object_of((const void *)at, &file, &start) || (offset = offset_in_file(start, at)) == 0)
        return NOT_FOUND;
    long fd = unsock_openat(AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    long copy = unsock_code_copy(fd, offset & ~(UNSOCK_PAGE - 1), UNSOCK_PAGE);
    unsock_close(fd);
    if (unsock_is_error(copy))
        return copy;
    long result = put_jump_in_libc(at, copy);
    if (result < 0)
        unsock_munmap(copy, UNSOCK_PAGE);
    return result;
}

/* Returns a function that does the work of libc's `write`, but does not run its first bytes: a jump will replace them.
 * NULL unless all bytes of `write` are known and in one page. */
static write_function *find_other(uint64_t at, struct unsock_libc_write *own) {
    if (at == 0 || (at & (UNSOCK_PAGE - 1)) > UNSOCK_PAGE - UNSOCK_LIBC_WRITE_MOST ||
        !unsock_libc_write_find((const uint8_t *)at, own))
        return NULL;
    uint64_t other = at + (uint64_t)own->distance;
    if (!own->by_cancel)
        return (write_function *)other;
    cancel = (cancel_function *)other;
    return unsock_libc_cancel_find((const uint8_t *)other) ? write_by_cancel : NULL;
}

__attribute__((constructor)) static void reach_inside(void) {
    struct unsock_libc_write known;
    if (!unsock_start_active() || unsock_start_trapped || unsock_start_traps || !unsock_settings.patch)
        return;
    write_function *own = unsock_next.write, *other = find_other((uint64_t)own, &known);
    if (!other || !unsock_libc_is_single_threaded())
        return;
    unsock_next.write = other;
    long result = change_libc_write((uint64_t)own + known.jump);
    if (result < 0)
        unsock_next.write = own;
    if (result < 0 && result != NOT_FOUND)
        unsock_log("rewrite", -1, NULL, NULL, result);
}
