/*
 * Changes of a program to itself that the library must survive when it rewrites it. Arguments: which, its own file.
 *
 *   changed  looks where its code differs from its file's
 *   undoes   puts its code back to what the file has, and goes on
 *   filters  sets up a seccomp filter of its own, which forbids listen, and goes on
 *   crashes  reads from an invalid address
 *
 * Those that go on print the results of a server and its client.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BEFORE 32 /* bytes before a system call that may be changed; on aarch64 the call, too */

#ifdef __x86_64__
static const unsigned char call[] = {0x0f, 0x05};
#else
static const unsigned char call[] = {0x01, 0x00, 0x00, 0xd4};
#endif

static unsigned char *code, *file;
static size_t size;

static int find_code(struct dl_phdr_info *info, size_t length, void *fd) {
    (void)length;
    for (int i = 0; i < info->dlpi_phnum && !code; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        code = (unsigned char *)(info->dlpi_addr + part->p_vaddr);
        size = part->p_filesz;
        off_t page = (off_t)part->p_offset & 4095;
        unsigned char *mapped =
            mmap(NULL, size + (size_t)page, PROT_READ, MAP_PRIVATE, *(int *)fd, (off_t)part->p_offset - page);
        file = mapped == MAP_FAILED ? NULL : mapped + page;
    }
    return 0;
}

static int is_before_call(size_t at) {
    for (size_t i = at < sizeof call ? 0 : at + 1 - sizeof call; i < at + BEFORE && i + sizeof call <= size; i++)
        if (memcmp(file + i, call, sizeof call) == 0)
            return 1;
    return 0;
}

static void tell_changes(void) {
    size_t changed = 0, calls = 0, elsewhere = 0;
    for (size_t i = 0; i < size; i++) {
        changed += code[i] != file[i];
        elsewhere += code[i] != file[i] && !is_before_call(i);
#ifdef __x86_64__
        calls += i + 1 < size && memcmp(file + i, call, sizeof call) == 0 && memcmp(code + i, call, sizeof call) != 0;
#endif
    }
    printf("changed: %d, of it system calls: %zu, elsewhere: %zu\n", changed > 0, calls, elsewhere);
}

static void undo(void) {
    unsigned char *start = (unsigned char *)((size_t)code & ~(size_t)4095);
    size_t whole = (size_t)(code + size - start);
    if (mprotect(start, whole, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        exit(3);
    memcpy(code, file, size);
    mprotect(start, whole, PROT_READ | PROT_EXEC);
}

/* As the kernel has them (linux/filter.h), which musl's compiler does not find. */
struct step {
    unsigned short code;
    unsigned char if_true, if_false;
    unsigned number;
};

struct filter {
    unsigned short length;
    struct step *steps;
};

static void set_filter(void) {
    struct step steps[] = {
        {0x20, 0, 0, 0},          /* the call's number */
        {0x15, 0, 1, SYS_listen}, /* listen */
        {0x06, 0, 0, 0x00050000 | EPERM},
        {0x06, 0, 0, 0x7fff0000}, /* allowed */
    };
    struct filter filter = {sizeof(steps) / sizeof(steps[0]), steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2 /* by a filter */, &filter))
        exit(4);
}

int main(int count, char **words) {
    int fd = count > 2 ? open(words[2], O_RDONLY) : -1;
    dl_iterate_phdr(find_code, &fd);
    if (!code || !file)
        return 2;
    if (strcmp(words[1], "undoes") == 0)
        undo();
    else if (strcmp(words[1], "filters") == 0)
        set_filter();
    else if (strcmp(words[1], "crashes") == 0)
        *(volatile char *)8 = 0;
    else
        tell_changes();
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&at, length) != 0 || getsockname(server, (struct sockaddr *)&at, &length) != 0)
        return 5;
    const char *listens = listen(server, 5) == 0 ? "listens" : strerror(errno);
    int connected = connect(client, (struct sockaddr *)&at, length);
    printf("%s, %s, port %d\n", listens, connected == 0 ? "connects" : strerror(errno), at.sin_port != 0);
    return 0;
}
