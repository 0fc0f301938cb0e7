/* Rewrites a program before it runs: finds the places that make system calls, makes a stub for each, and writes jumps
 * to the stubs. Meanwhile the program's pages are writable, and not executable. If the kernel refuses to make the pages
 * executable again, the unchanged pages of the file are mapped in their place. */
#include "trap/image.h"

#include "memory/fds.h"
#include "rt/code.h"
#include "rt/system_calls.h"
#include "rules/call_site.h"
#include "trap/site.h"
#include "trap/trapped.h"

#define SITES 128
#define STEP ((uint64_t)1 << 20)
#define STEPS 64
#ifdef __x86_64__
#define FAR ((uint64_t)0x7fff0000) /* a jump's reach */
#else
#define FAR ((uint64_t)0x07ff0000)
#endif
#define GRANULE ((uint64_t)0x10000)
#define GO_MOST ((uint64_t)1 << 20) /* bytes of a Go program's code that are searched */

#define TRY_AT 1 /* the byte that unsock_patch_allowed writes */

/* The head of the stubs' memory. It stays writable. Its members: the code to which all stubs jump; whether threads have
 * stacks of the library's; the table of the calls that the library may answer. */
struct shared {
    void (*enter)(void);
    uint64_t small_stacks;
    uint8_t *numbers;
};

static struct shared *shared_memory;

struct place {
    uint64_t at; /* the address of the `syscall`; aarch64: of the `svc` */
    struct unsock_call_site site;
};

struct work {
    const struct unsock_patch *patch;
    enum unsock_call_site_kind kind;
    struct place places[SITES];
    unsigned count;
    uint64_t stubs; /* 0: none yet */
    uint64_t stubs_size;
    long refused; /* -errno if the kernel did not make memory executable; else 0 */
};

/* True if enough places are known. A Go program makes all socket calls at one place, early in up to 40 MB of code. */
static bool is_enough(const struct work *work) {
    return work->count == SITES || (work->kind == UNSOCK_CALL_SITE_GO && work->count > 0);
}

static void look_through(struct work *work, const struct unsock_image_text *text) {
    uint64_t before = text->start & (work->patch->page - 1);
    const uint8_t *code = (const uint8_t *)(text->start - before);
    size_t size = before + (work->kind == UNSOCK_CALL_SITE_GO ? UNSOCK_MIN(text->size, GO_MOST) : text->size);
    for (size_t at = 0; !is_enough(work) && (at = unsock_call_search(code, at, size)) < size; at++) {
        struct place *place = &work->places[work->count];
        if (!unsock_call_site_find(code, size, at, work->kind, &place->site) ||
            (place->site.number != UNSOCK_CALL_SITE_ANY && !unsock_site_numbers[place->site.number]))
            continue;
        place->at = (uint64_t)code + at;
        work->count++;
    }
}

/* Maps memory behind or before the program, so near that each place can jump to it. Returns its address, or 0. */
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
        if (!unsock_is_error(got)) /* kernels before 4.17 do not know NOREPLACE */
            unsock_munmap((unsigned long)got, size);
    }
    return 0;
}

/* Returns the first byte that is changed at this place. */
static uint8_t *start_of(const struct place *place) {
    return (uint8_t *)(place->at - place->site.moved);
}

static bool make_stubs(struct work *work) {
    uint64_t page = work->patch->page;
    work->stubs_size = page + ((SITES * UNSOCK_CALL_STUB_MOST + page - 1) & ~(page - 1));
    work->stubs = room_near(work->patch->image, work->stubs_size);
    if (!work->stubs)
        return false;
    struct shared *told = (struct shared *)work->stubs;
    told->small_stacks = work->patch->small_stacks;
    told->numbers = unsock_site_numbers;
    told->enter = told->small_stacks ? unsock_site_switch : unsock_site_stay;
    for (unsigned i = 0; i < work->count; i++) {
        const struct place *place = &work->places[i];
        struct unsock_call_stub stub = {work->stubs + page + i * UNSOCK_CALL_STUB_MOST, place->at, work->stubs,
                                        unsock_site_numbers, work->patch->small_stacks};
        if (unsock_call_stub_make(&stub, &place->site, start_of(place), (uint8_t *)stub.at) == 0)
            return false;
    }
    work->refused = unsock_code_make(work->stubs + page, work->stubs_size - page);
    if (work->refused == 0)
        unsock_code_sync(work->stubs + page, work->count * UNSOCK_CALL_STUB_MOST);
    return work->refused == 0;
}

/* Writes the jump to the stub over the instructions before the `syscall`; on aarch64, over the one before the `svc` or
 * over the `svc` (rules/call_site.h). False if the stub is too far away. */
static bool put_jump_to_stub(const struct work *work, unsigned index) {
    const struct place *place = &work->places[index];
    uint64_t stub = work->stubs + work->patch->page + index * UNSOCK_CALL_STUB_MOST;
    uint8_t *start = start_of(place);
    if (!unsock_call_stub_jump((uint64_t)start, stub, start))
        return false;
    memset(start + UNSOCK_CALL_JUMP, 0x90, place->site.cut); /* nop */
    return true;
}

/* Rewrites the places from number `first` to `end` - 1, at least one, which are in the segment `text`. On aarch64 the
 * last place may be an `svc` at the start of a page. Returns how many: all, or none. */
static unsigned rewrite(struct work *work, const struct unsock_image_text *text, unsigned first, unsigned end) {
    uint64_t page = work->patch->page, start = (uint64_t)start_of(&work->places[first]) & ~(page - 1);
    uint64_t size = ((work->places[end - 1].at + page) & ~(page - 1)) - start;
    if (unsock_mprotect(start, size, PROT_READ | PROT_WRITE) < 0)
        return 0;
    bool ready = true;
    for (unsigned i = first; i < end && ready; i++)
        ready = put_jump_to_stub(work, i);
    work->refused = unsock_code_make(start, size);
    if (!ready || work->refused < 0) {
        uint64_t offset = text->offset + (start - text->start);
        long at = unsock_mmap(start, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, work->patch->fd, offset);
        work->refused = unsock_is_error(at) ? -EFAULT : work->refused;
        return 0;
    }
    for (unsigned i = first; i < end; i++)
        unsock_code_sync((uint64_t)start_of(&work->places[i]), UNSOCK_CALL_JUMP);
    return end - first;
}

/* Stores the address of the stubs' memory, and of the byte for `read` in the stubs' table of calls. Lets threads get
 * stacks, if the stubs need stacks. */
static void share_stubs(struct shared *told) {
    shared_memory = told;
    if (told->numbers) /* NULL if another version of the library loaded the program */
        unsock_fds_reads = &told->numbers[__NR_read];
    if (told->small_stacks)
        unsock_site_stack_start();
}

long unsock_patch(const struct unsock_patch *patch) {
    static UNSOCK_TABLE struct work work;
    unsigned texts = patch->image->text_count, ends[UNSOCK_IMAGE_TEXTS];
    long done = 0;
    if (patch->small_stacks && (patch->features & UNSOCK_SITE_STACK_FEATURE) != UNSOCK_SITE_STACK_FEATURE)
        return 0;
    work.patch = patch;
    work.kind = patch->small_stacks ? UNSOCK_CALL_SITE_GO : UNSOCK_CALL_SITE_C;
    unsock_site_start();
    for (unsigned i = 0; i < texts; i++) {
        look_through(&work, &patch->image->texts[i]);
        ends[i] = work.count;
    }
    bool ready = work.count > 0 && make_stubs(&work);
    for (unsigned i = 0, first = 0; ready && i < texts && work.refused == 0; first = ends[i++])
        done += first < ends[i] ? rewrite(&work, &patch->image->texts[i], first, ends[i]) : 0;
    if (done == 0 && work.stubs)
        unsock_munmap(work.stubs, work.stubs_size);
    if (done > 0)
        share_stubs((struct shared *)work.stubs);
    return work.refused == -EFAULT || done == 0 ? work.refused : done;
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
    return (long)shared_memory;
}

void unsock_patch_take_over(void) {
    long told = unsock_syscall6(__NR_socket, UNSOCK_SYS_NO_FAMILY, 0, 0, 0, 0, UNSOCK_SYS_PROBE);
    if (unsock_is_error(told) || told == 0)
        return;
    share_stubs((struct shared *)told);
    __atomic_store_n(&shared_memory->enter, shared_memory->small_stacks ? unsock_site_switch : unsock_site_stay,
                     __ATOMIC_RELEASE);
}
