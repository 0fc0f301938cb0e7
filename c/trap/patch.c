/*
 * Rewriting a program's code. Never in place: a private copy of the pages is made from the file, written to, made
 * executable, and moved to where the code is. Where the kernel refuses a step (PR_SET_MDWE, SELinux, a filter), the
 * code is as it was, and at no time is anything both written to and executed.
 */
#include "trap/patch.h"

#ifdef __x86_64__

#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/table.h"
#include "rules/call_stub.h"
#include "trap/site.h"
#include "trap/site_stack.h"
#include "trap/trapped.h"

#include <linux/mman.h>

#define SITES 128
#define STEP ((uint64_t)1 << 20)
#define STEPS 64
#define FAR ((uint64_t)0x7fff0000)
#define GRANULE ((uint64_t)0x10000)
#define WORD sizeof(uint64_t)
#define GO_MOST ((uint64_t)1 << 20) /* bytes of a program of Go's that are looked at */

/* In the stubs' first page, which can be written to: where they go on, and whether threads have stacks of their own. */
struct shared {
    void (*enter)(void);
    uint64_t small_stacks;
};

static struct shared *shared;

struct place {
    uint64_t at; /* the `syscall` */
    struct unsock_call_site site;
};

struct work {
    const struct unsock_patch *patch;
    enum unsock_call_site_kind kind;
    struct place places[SITES];
    unsigned count;
    uint64_t stubs; /* 0: none yet */
    uint64_t stubs_size;
};

static bool failed(long result) {
    return result < 0 && result > -4096;
}

static bool answers(const struct unsock_call_site *site) {
    return site->number == UNSOCK_CALL_SITE_ANY || unsock_site_numbers[site->number];
}

/* Is there a byte 0x0f among these eight? May be said of others. */
static bool may_have(uint64_t word) {
    uint64_t other = word ^ 0x0f0f0f0f0f0f0f0f;
    return ((other - 0x0101010101010101) & ~other & 0x8080808080808080) != 0;
}

/* Of Go's calls, one place makes those that count. It is among the first of a program: the rest may be 40 MB. */
static bool is_enough(const struct work *work) {
    return work->count == SITES || (work->kind == UNSOCK_CALL_SITE_GO && work->count > 0);
}

static void look(struct work *work, const uint8_t *code, size_t size, size_t at) {
    struct place *place = &work->places[work->count];
    if (code[at] != 0x0f || !unsock_call_site_find(code, size, at, work->kind, &place->site) || !answers(&place->site))
        return;
    place->at = (uint64_t)code + at;
    work->count++;
}

static void look_through(struct work *work, const struct unsock_image_text *text) {
    const uint8_t *code = (const uint8_t *)text->start;
    size_t size = work->kind == UNSOCK_CALL_SITE_GO ? UNSOCK_MIN(text->size, GO_MOST) : text->size;
    for (size_t at = 0; at + WORD <= size && !is_enough(work); at += WORD) {
        uint64_t word;
        memcpy(&word, code + at, WORD);
        for (size_t i = 0; may_have(word) && i < WORD && !is_enough(work); i++)
            look(work, code, size, at + i);
    }
}

/* Behind the program or before it, near enough for a jump from anywhere in it. */
static uint64_t room_near(const struct unsock_image *image, uint64_t size) {
    uint64_t end = image->first + image->size;
    for (uint64_t step = 0; step < STEPS * 2; step++) {
        uint64_t away = (step / 2) * STEP;
        uint64_t at = (step % 2 ? image->first - size - away : end + GRANULE + away) & ~(GRANULE - 1);
        if (at < GRANULE || (step % 2 ? at > image->first || end - at > FAR : at + size - image->first > FAR))
            continue;
        long got = unsock_sys(__NR_mmap, at, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (got == (long)at)
            return at;
        if (!failed(got)) /* before kernel 4.17 */
            unsock_sys(__NR_munmap, got, size);
    }
    return 0;
}

static bool make_stubs(struct work *work) {
    uint64_t page = work->patch->page;
    work->stubs_size = page + ((SITES * UNSOCK_CALL_STUB_MOST + page - 1) & ~(page - 1));
    work->stubs = room_near(work->patch->image, work->stubs_size);
    if (!work->stubs)
        return false;
    struct shared *told = (struct shared *)work->stubs;
    told->small_stacks = work->patch->small_stacks;
    told->enter = told->small_stacks ? unsock_site_switch : unsock_site_stay;
    for (unsigned i = 0; i < work->count; i++) {
        const struct place *place = &work->places[i];
        struct unsock_call_stub stub = {work->stubs + page + i * UNSOCK_CALL_STUB_MOST, place->at, work->stubs,
                                        unsock_site_numbers};
        if (unsock_call_stub_make(&stub, &place->site, (const uint8_t *)place->at - place->site.moved,
                                  (uint8_t *)stub.at) == 0)
            return false;
    }
    return !failed(unsock_sys(__NR_mprotect, work->stubs + page, work->stubs_size - page, PROT_READ | PROT_EXEC));
}

/* Puts the jump to a stub before the `syscall` at `at`, in the copy. */
static bool put_jump(const struct work *work, unsigned index, uint8_t *copy) {
    const struct place *place = &work->places[index];
    uint64_t stub = work->stubs + work->patch->page + index * UNSOCK_CALL_STUB_MOST;
    if (!unsock_call_stub_jump(place->at - place->site.moved, stub, copy))
        return false;
    memset(copy + UNSOCK_CALL_JUMP, 0x90, place->site.cut); /* nop */
    return true;
}

/* The pages of a text from the first place in it to the last; false: there is none in it. */
static bool span(const struct work *work, const struct unsock_image_text *text, uint64_t *start, uint64_t *end) {
    *start = UINT64_MAX;
    *end = 0;
    for (unsigned i = 0; i < work->count; i++) {
        uint64_t at = work->places[i].at;
        if (at < text->start || at >= text->start + text->size)
            continue;
        *start = UNSOCK_MIN(*start, at - work->places[i].site.moved);
        *end = at > *end ? at : *end;
    }
    *start &= ~(work->patch->page - 1);
    *end = (*end + work->patch->page) & ~(work->patch->page - 1);
    return *start < *end;
}

static unsigned rewrite(const struct work *work, const struct unsock_image_text *text) {
    uint64_t start, end;
    if (!span(work, text, &start, &end))
        return 0;
    unsigned done = 0;
    /* The page in which the code begins may begin before it, here as in the file. */
    long copy = unsock_sys(__NR_mmap, 0, end - start, PROT_READ | PROT_WRITE, MAP_PRIVATE, work->patch->fd,
                           text->offset + (start - text->start));
    if (failed(copy))
        return 0;
    for (unsigned i = 0; i < work->count; i++) {
        uint64_t first = work->places[i].at - work->places[i].site.moved;
        if (first >= start && first < end)
            done += put_jump(work, i, (uint8_t *)copy + (first - start));
    }
    if (!failed(unsock_sys(__NR_mprotect, copy, end - start, PROT_READ | PROT_EXEC)) &&
        !failed(unsock_sys(__NR_mremap, copy, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, start)))
        return done;
    unsock_sys(__NR_munmap, copy, end - start);
    return 0;
}

unsigned unsock_patch(const struct unsock_patch *patch) {
    static UNSOCK_TABLE struct work work;
    unsigned done = 0;
    if (patch->small_stacks && !(patch->features & UNSOCK_SITE_STACK_FEATURE))
        return 0;
    work.patch = patch;
    work.kind = patch->small_stacks ? UNSOCK_CALL_SITE_GO : UNSOCK_CALL_SITE_C;
    unsock_site_start();
    for (unsigned i = 0; i < patch->image->text_count; i++)
        look_through(&work, &patch->image->texts[i]);
    if (work.count > 0 && make_stubs(&work)) {
        for (unsigned i = 0; i < patch->image->text_count; i++)
            done += rewrite(&work, &patch->image->texts[i]);
    }
    if (done == 0 && work.stubs)
        unsock_sys(__NR_munmap, work.stubs, work.stubs_size);
    if (done > 0)
        shared = (struct shared *)work.stubs;
    if (done > 0 && patch->small_stacks)
        unsock_site_stack_start();
    return done;
}

long unsock_patch_tell(void) {
    return (long)shared;
}

void unsock_patch_take_over(void) {
    long told = unsock_syscall6((long)UNSOCK_TRAPPED_ASK, 0, 0, 0, 0, 0, 0);
    if (failed(told) || told == 0)
        return;
    shared = (struct shared *)told;
    if (shared->small_stacks)
        unsock_site_stack_start();
    __atomic_store_n(&shared->enter, shared->small_stacks ? unsock_site_switch : unsock_site_stay, __ATOMIC_RELEASE);
}

#else

unsigned unsock_patch(const struct unsock_patch *patch) {
    (void)patch;
    return 0;
}

long unsock_patch_tell(void) {
    return 0;
}

void unsock_patch_take_over(void) {
}

#endif
