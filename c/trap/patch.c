/* Rewriting a program: looking for places, making their stubs, and putting jumps to them (rt/code.h). */
#include "trap/image.h"

#include "rt/code.h"
#include "rt/system_calls.h"
#include "rules/call_site.h"
#include "trap/site.h"
#include "trap/trapped.h"

#define SITES 128
#define STEP ((uint64_t)1 << 20)
#define STEPS 64
#ifdef __x86_64__
#define FAR ((uint64_t)0x7fff0000) /* bytes that a jump can go */
#else
#define FAR ((uint64_t)0x07ff0000)
#endif
#define GRANULE ((uint64_t)0x10000)
#define GO_MOST ((uint64_t)1 << 20) /* bytes of a program of Go's that are looked at */

#define TRY_AT 1 /* which byte of a file's first page is written to, for the question */

/* In the stubs' first page, which can be written to: where they go on, and whether threads have stacks of their own. */
struct shared {
    void (*enter)(void);
    uint64_t small_stacks;
};

static struct shared *shared;

struct place {
    uint64_t at;         /* the `syscall` */
    const uint8_t *copy; /* of it */
    struct unsock_call_site site;
};

/* A copy of a text's pages, and where they are to go. */
struct copy {
    uint8_t *bytes; /* NULL: there is none */
    uint64_t start;
    uint64_t size;
    unsigned first; /* of its places */
    unsigned end;
};

struct work {
    const struct unsock_patch *patch;
    enum unsock_call_site_kind kind;
    struct place places[SITES];
    unsigned count;
    uint64_t stubs; /* 0: none yet */
    uint64_t stubs_size;
    long refused; /* what the kernel said of memory that was to be executed: -errno */
};

static bool answers(const struct unsock_call_site *site) {
    return site->number == UNSOCK_CALL_SITE_ANY || unsock_site_numbers[site->number];
}

/* Of Go's calls, one place makes those that count. It is among the first of a program: the rest may be 40 MB. */
static bool is_enough(const struct work *work) {
    return work->count == SITES || (work->kind == UNSOCK_CALL_SITE_GO && work->count > 0);
}

static void look(struct work *work, const struct copy *copy, size_t at) {
    struct place *place = &work->places[work->count];
    if (!unsock_call_site_find(copy->bytes, copy->size, at, work->kind, &place->site) || !answers(&place->site))
        return;
    place->at = copy->start + at;
    place->copy = copy->bytes + at;
    work->count++;
}

static void look_through(struct work *work, const struct copy *copy) {
    size_t at = 0;
    while (!is_enough(work) && (at = unsock_call_search(copy->bytes, at, copy->size)) < copy->size)
        look(work, copy, at++);
}

/* Behind the program or before it, near enough for a jump from anywhere in it. */
static uint64_t room_near(const struct unsock_image *image, uint64_t size) {
    uint64_t end = image->first + image->size;
    for (uint64_t step = 0; step < STEPS * 2; step++) {
        uint64_t away = (step / 2) * STEP;
        uint64_t at = (step % 2 ? image->first - size - away : end + GRANULE + away) & ~(GRANULE - 1);
        if (at < GRANULE || (step % 2 ? at > image->first || end - at > FAR : at + size - image->first > FAR))
            continue;
        long got =
            unsock_mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (got == (long)at)
            return at;
        if (!unsock_is_error(got)) /* before kernel 4.17 */
            unsock_munmap((unsigned long)got, size);
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
                                        unsock_site_numbers, work->patch->small_stacks};
        if (unsock_call_stub_make(&stub, &place->site, place->copy - place->site.moved, (uint8_t *)stub.at) == 0)
            return false;
    }
    work->refused = unsock_code_make(work->stubs + page, work->stubs_size - page);
    if (work->refused == 0)
        unsock_code_sync(work->stubs + page, work->count * UNSOCK_CALL_STUB_MOST);
    return work->refused == 0;
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

static void make_copy(const struct work *work, const struct unsock_image_text *text, struct copy *copy) {
    uint64_t page = work->patch->page, before = text->start & (page - 1);
    uint64_t size = work->kind == UNSOCK_CALL_SITE_GO ? UNSOCK_MIN(text->size, GO_MOST) : text->size;
    copy->start = text->start - before;
    copy->size = (before + size + page - 1) & ~(page - 1);
    long bytes = unsock_code_copy(work->patch->fd, text->offset - before, copy->size);
    copy->bytes = unsock_is_error(bytes) ? NULL : (uint8_t *)bytes;
    /* Beyond the file's end there is nothing in the last page. */
    copy->size = UNSOCK_MIN(copy->size, before + size);
}

static void drop_copy(const struct work *work, struct copy *copy) {
    uint64_t page = work->patch->page;
    if (copy->bytes)
        unsock_munmap((unsigned long)copy->bytes, (copy->size + page - 1) & ~(page - 1));
    copy->bytes = NULL;
}

/* Returns how many places are rewritten: all of the copy's, or none. */
static unsigned rewrite(struct work *work, struct copy *copy) {
    uint64_t page = work->patch->page, size = (copy->size + page - 1) & ~(page - 1);
    for (unsigned i = copy->first; i < copy->end; i++) {
        const struct place *place = &work->places[i];
        if (!put_jump(work, i, copy->bytes + (place->at - place->site.moved - copy->start)))
            return 0;
    }
    if (copy->first == copy->end)
        return 0;
    work->refused = unsock_code_move((uint64_t)copy->bytes, size, copy->start);
    if (work->refused < 0)
        return 0;
    copy->bytes = NULL;
    for (unsigned i = copy->first; i < copy->end; i++)
        unsock_code_sync(work->places[i].at - work->places[i].site.moved, UNSOCK_CALL_JUMP);
    return copy->end - copy->first;
}

long unsock_patch(const struct unsock_patch *patch) {
    static UNSOCK_TABLE struct work work;
    struct copy copies[UNSOCK_IMAGE_TEXTS] = {0};
    long done = 0;
    unsigned texts = patch->image->text_count;
    if (patch->small_stacks && (patch->features & UNSOCK_SITE_STACK_FEATURE) != UNSOCK_SITE_STACK_FEATURE)
        return 0;
    work.patch = patch;
    work.refused = 0;
    work.kind = patch->small_stacks ? UNSOCK_CALL_SITE_GO : UNSOCK_CALL_SITE_C;
    unsock_site_start();
    for (unsigned i = 0; i < texts && !is_enough(&work); i++) {
        copies[i].first = work.count;
        make_copy(&work, &patch->image->texts[i], &copies[i]);
        if (copies[i].bytes)
            look_through(&work, &copies[i]);
        copies[i].end = work.count;
    }
    bool ready = work.count > 0 && make_stubs(&work);
    for (unsigned i = 0; i < texts; i++) {
        done += ready && copies[i].bytes ? rewrite(&work, &copies[i]) : 0;
        drop_copy(&work, &copies[i]);
    }
    if (done == 0 && work.stubs)
        unsock_munmap(work.stubs, work.stubs_size);
    if (done > 0)
        shared = (struct shared *)work.stubs;
    if (done > 0 && patch->small_stacks)
        unsock_site_stack_start();
    return done > 0 ? done : work.refused;
}

long unsock_patch_allowed(long fd, uint64_t page) {
    long copy = unsock_code_copy(fd, 0, page);
    if (unsock_is_error(copy))
        return copy;
    *(volatile uint8_t *)(copy + TRY_AT) = 0;
    long result = unsock_code_make((uint64_t)copy, page);
    unsock_munmap(copy, page);
    return result;
}

long unsock_patch_tell(void) {
    return (long)shared;
}

void unsock_patch_take_over(void) {
    long told = unsock_syscall6((long)UNSOCK_TRAPPED_ASK, 0, 0, 0, 0, 0, 0);
    if (unsock_is_error(told) || told == 0)
        return;
    shared = (struct shared *)told;
    if (shared->small_stacks)
        unsock_site_stack_start();
    __atomic_store_n(&shared->enter, shared->small_stacks ? unsock_site_switch : unsock_site_stay, __ATOMIC_RELEASE);
}
