/*
 * Asks the rules of call sites, for call_sites_test.ts.
 *
 *   call_sites FILE c|go   prints each `syscall` of an ELF file's code: its address, and "no", or the number, how many
 *                          bytes before it are moved, and how many are cut
 *   call_sites -           reads lines of "c|go BEFORE BEHIND" in hexadecimal, and prints the same of each, and the
 * stub call_sites --random N  looks at random bytes in buffers that are exactly as large as is said
 */
#include "rules/call_site.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define AT 0x500000ul
#define STUB 0x700000ul
#define ENTER 0x6ff000ul

#ifdef __x86_64__
static const uint8_t call[] = {0x0f, 0x05}, fill = 0x90;
#else
static const uint8_t call[] = {0x01, 0x00, 0x00, 0xd4}, fill = 0x1f; /* no instruction */
#endif

/* The library's own, which needs its surroundings. */
bool unsock_same_bytes(const void *left, const void *right, size_t length) {
    return memcmp(left, right, length) == 0;
}

static void show(bool found, const struct unsock_call_site *site) {
    if (found)
        printf(" %d %d %d", site->number, site->moved, site->cut);
    else
        printf(" no");
}

static void look_at_file(const char *path, enum unsock_call_site_kind kind) {
    struct stat status;
    struct unsock_call_site site;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0)
        exit(1);
    const uint8_t *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    const Elf64_Ehdr *header = (const void *)file;
    const Elf64_Phdr *segments = (const void *)(file + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD || !(segments[i].p_flags & PF_X))
            continue;
        const uint8_t *code = file + segments[i].p_offset;
        size_t at = 0, size = segments[i].p_filesz;
        for (; (at = unsock_call_search(code, at, size)) < size; at++) {
            printf("%lx", segments[i].p_vaddr + at);
            show(unsock_call_site_find(code, size, at, kind, &site), &site);
            printf("\n");
        }
    }
}

static size_t from_hex(const char *text, uint8_t *bytes) {
    size_t count = 0;
    for (unsigned byte; sscanf(text + 2 * count, "%2x", &byte) == 1; count++)
        bytes[count] = (uint8_t)byte;
    return count;
}

static void look_at_lines(void) {
    char kind[8], before[256], behind[256];
    while (scanf("%7s %255s %255s", kind, before, behind) == 3) {
        uint8_t code[512], bytes[UNSOCK_CALL_STUB_MOST] = {0}, jump[UNSOCK_CALL_JUMP] = {0};
        struct unsock_call_site site = {0, 0, 0};
        memset(code, fill, sizeof(code));
        uint8_t start[128];
        size_t length = from_hex(before, start), at = 128;
        memcpy(code + at - length, start, length);
        memcpy(code + at, call, sizeof(call));
        from_hex(behind, code + at + sizeof(call));
        bool found = unsock_call_site_find(code, sizeof(code), at, kind[0] == 'g', &site);
        show(found, &site);
        if (found) {
            struct unsock_call_stub stub = {STUB, AT, ENTER, (const uint8_t *)0x1122334455667788, kind[0] == 'g'};
            size_t size = unsock_call_stub_make(&stub, &site, code + at - site.moved, bytes);
            unsock_call_stub_jump(AT - site.moved, STUB, jump);
            printf(" ");
            for (size_t i = 0; i < size; i++)
                printf("%02x", bytes[i]);
            printf(" ");
            for (size_t i = 0; i < sizeof(jump); i++)
                printf("%02x", jump[i]);
        }
        printf("\n");
    }
}

/* Bytes of the forms more often than others, so that much of the rules is gone through. */
static uint8_t some_byte(void) {
    static const uint8_t usual[] = {0x0f, 0x05, 0xb8, 0x48, 0x89, 0x8b, 0x4c, 0x24, 0x08, 0x10, 0x00, 0x31, 0xc7, 0x41};
    long chance = random();
    return chance % 2 ? (uint8_t)(chance >> 8) : usual[(chance >> 8) % (long)sizeof(usual)];
}

/* The same as byte by byte. */
static void search(const uint8_t *bytes, size_t size) {
    for (size_t from = 0; from <= size; from += 1 + (size_t)random() % 40) {
        size_t at = from;
        while (at < size && !(at + 1 < size && bytes[at] == 0x0f && bytes[at + 1] == 0x05))
            at++;
        if (unsock_call_search(bytes, from, size) != at)
            abort();
    }
}

static void look_at_random(long times) {
    long found = 0;
    for (long i = 0; i < times; i++) {
        size_t size = (size_t)(random() % 96);
        uint8_t *code = malloc(size + 1), bytes[UNSOCK_CALL_STUB_MOST];
        for (size_t j = 0; j < size; j++)
            code[j] = some_byte();
        uint8_t *exact = malloc(size); /* the sanitizer sees what is read beyond */
        memcpy(exact, code, size);
        free(code);
        search(exact, size);
        for (size_t at = 0; at < size; at++) {
            struct unsock_call_site site;
            struct unsock_call_stub stub = {STUB, AT, ENTER, NULL, false};
            if (at >= 7 && at + 1 < size && random() % 4 == 0)
                memcpy(exact + at - 7, "\xb8\x31\0\0\0\x31\xd2\x0f\x05", 9); /* bind */
            if (!unsock_call_site_find(exact, size, at, random() % 2, &site))
                continue;
            found++;
            if (site.moved < UNSOCK_CALL_JUMP || site.moved > UNSOCK_CALL_SITE_MOST || site.moved > at ||
                unsock_call_stub_make(&stub, &site, exact + at - site.moved, bytes) == 0)
                abort();
        }
        free(exact);
    }
    printf("%s\n", found > 0 ? "some found" : "none found");
}

int main(int count, char **words) {
    if (count == 3 && strcmp(words[1], "--random") == 0)
        look_at_random(atol(words[2]));
    else if (count == 3)
        look_at_file(words[1], words[2][0] == 'g' ? UNSOCK_CALL_SITE_GO : UNSOCK_CALL_SITE_C);
    else
        look_at_lines();
    return 0;
}
