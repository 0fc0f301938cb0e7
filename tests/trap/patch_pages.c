/*
 * Has c/trap/patch.c rewrite a file of three pages. The first page is a segment without system calls; the only call
 * begins the third. Prints how many places are rewritten, where the first changed byte is, counted from the call, and
 * how many bytes are changed behind the jump.
 */
#define _GNU_SOURCE
#include "memory/fds.h"
#include "rules/call_site.h"
#include "trap/image.h"
#include "trap/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

#ifdef __x86_64__
#define LOAD 5                                                                   /* bytes */
static const uint8_t plain[] = {0x90}, call[] = {0xb8, 41, 0, 0, 0, 0x0f, 0x05}; /* mov $41,%eax; syscall */
#else
#define LOAD 4
static const uint8_t plain[] = {0x1f, 0x20, 0x03, 0xd5};                        /* nop */
static const uint8_t call[] = {0xc8, 0x18, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4}; /* mov x8,#198; svc */
#endif

/* The library's own, which need its surroundings. */
uint8_t unsock_site_numbers[65536];
uint64_t unsock_sys_mark_bits;
uint8_t *unsock_fds_reads;
void unsock_site_start(void) {
    unsock_site_numbers[__NR_socket] = 1;
}
void unsock_site_stack_start(void) {
}
void unsock_site_stay(void) {
}
void unsock_site_switch(void) {
}
bool unsock_same_bytes(const void *left, const void *right, size_t length) {
    return __builtin_memcmp(left, right, length) == 0;
}

int main(void) {
    static uint8_t bytes[3 * PAGE];
    static struct unsock_image image;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = plain[i % sizeof plain];
    for (size_t i = 0; i < sizeof call; i++)
        bytes[2 * PAGE - LOAD + i] = call[i];
    int fd = memfd_create("code", 0);
    if (fd < 0 || write(fd, bytes, sizeof bytes) != sizeof bytes)
        return 2;
    uint8_t *code = mmap(NULL, sizeof bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    if (code == MAP_FAILED)
        return 2;
    uint64_t first = (uint64_t)code;
    image.first = first;
    image.size = sizeof bytes;
    image.text_count = 2;
    image.texts[0] = (struct unsock_image_text){first, PAGE, 0};
    image.texts[1] = (struct unsock_image_text){first + PAGE, 2 * PAGE, PAGE};
    printf("%ld", unsock_patch(&(struct unsock_patch){&image, fd, PAGE, 0, false}));
    size_t at = 0, behind = 0;
    while (at < sizeof bytes && code[at] == bytes[at])
        at++;
    for (size_t i = at + UNSOCK_CALL_JUMP; i < sizeof bytes; i++)
        behind += code[i] != bytes[i];
    printf(" %d %zu\n", (int)at - 2 * PAGE, behind);
    return 0;
}
