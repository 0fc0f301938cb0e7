/* Keeps stacks of the library's own, lends them to calls, and makes a call on a lent stack. */
#include "trap/site.h"

#include "rt/user.h"

#define PAGE (64 * 1024) /* at least any machine's page size */
#define STACK (64 * 1024)
#define WHOLE (2 * PAGE + STACK) /* struct unsock_own_stack, a page without access, the stack */
#define KEPT 4096                /* stacks that are kept and used again */
#define TRIES 16                 /* kept stacks that one search for the stack of an ended thread checks */

/* A call uses at most DEEPEST bytes of stack (tests/unit/stack_test.ts). A signal handler of the program may interrupt
 * the call, and a system call of the handler may be trapped. So there must be room for FRAMES more signal frames: the
 * program's signal, SIGSYS, and as much as two frames for the handler's own variables. */
#define DEEPEST 8192
#define FRAMES 4
#define NEEDED_BY_GO (16 * 1024)
#define ROOMY 64

#define STACK_DISABLED 2 /* SS_DISABLE */

static uint64_t roomy[ROOMY]; /* upper half: the page of a stack pointer with room below; lower half: generation */
static uint32_t generation;

static UNSOCK_TABLE struct unsock_own_stack *kept_stacks[KEPT];
static unsigned kept_count, next_try;
static int32_t keeper; /* the process whose threads own the kept stacks; a forked child has other threads */

static bool is_within(uint64_t at, uint64_t start, uint64_t size) {
    return at - start < size;
}

bool unsock_own_stack_has(const struct unsock_own_stack *stack, uint64_t at) {
    return is_within(at, stack->top - STACK, STACK + 1);
}

bool unsock_context_on_signal_stack(const struct unsock_context *context, uint64_t at) {
    return context->stack.size != 0 && is_within(at, (uint64_t)context->stack.base, context->stack.size + 1);
}

static unsigned count_kept_stacks(void) {
    return UNSOCK_MIN(__atomic_load_n(&kept_count, __ATOMIC_ACQUIRE), (unsigned)KEPT);
}

static int32_t owner_of(const struct unsock_own_stack *stack) {
    return __atomic_load_n(&stack->thread, __ATOMIC_RELAXED);
}

static bool claim_stack(struct unsock_own_stack *stack, int32_t owner, int32_t self) {
    return __atomic_compare_exchange_n(&stack->thread, &owner, self, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static struct unsock_own_stack *take_unowned_stack(int32_t self) {
    unsigned all = count_kept_stacks();
    for (unsigned i = 0; i < all; i++) {
        struct unsock_own_stack *stack = __atomic_load_n(&kept_stacks[i], __ATOMIC_ACQUIRE);
        if (stack && owner_of(stack) == 0 && claim_stack(stack, 0, self))
            return stack;
    }
    return NULL;
}

/* Takes the stack of an ended thread; NULL if it finds none. If another thread, of any process, now has the ended
 * thread's number, the stack seems to be in use, and is not taken. */
static struct unsock_own_stack *take_ended_threads_stack(int32_t self) {
    unsigned all = count_kept_stacks();
    for (unsigned i = 0; i < TRIES && i < all; i++) {
        unsigned place = __atomic_fetch_add(&next_try, 1, __ATOMIC_RELAXED) % all;
        struct unsock_own_stack *stack = __atomic_load_n(&kept_stacks[place], __ATOMIC_ACQUIRE);
        int32_t owner = stack ? owner_of(stack) : 0;
        if (owner != 0 && unsock_tkill(owner, 0) == -ESRCH && claim_stack(stack, owner, self))
            return stack;
    }
    return NULL;
}

static struct unsock_own_stack *make_stack(int32_t self) {
    long memory = unsock_mmap(0, WHOLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (unsock_is_error(memory))
        return NULL;
    if (unsock_mprotect(memory + PAGE, PAGE, PROT_NONE) < 0) {
        unsock_munmap(memory, WHOLE);
        return NULL;
    }
    struct unsock_own_stack *stack = (struct unsock_own_stack *)memory;
    stack->thread = self;
    stack->top = (uint64_t)memory + WHOLE;
    unsigned place = __atomic_fetch_add(&kept_count, 1, __ATOMIC_ACQ_REL);
    stack->counted = place < KEPT;
    if (stack->counted)
        __atomic_store_n(&kept_stacks[place], stack, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&kept_count, KEPT, __ATOMIC_RELAXED);
    return stack;
}

/* Empties the list of stacks in a forked child, since they belong to its parent's threads. The child's only thread
 * keeps its stack. A child of vfork shares its parent's memory, and uses the parent's list. */
static void settle_kept_stacks(void) {
    if (!unsock_this_process_owns_descriptors())
        return;
    int32_t process = (int32_t)unsock_getpid(), before = __atomic_load_n(&keeper, __ATOMIC_ACQUIRE);
    if (before != process &&
        __atomic_compare_exchange_n(&keeper, &before, process, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        __atomic_store_n(&kept_count, 0, __ATOMIC_RELEASE);
}

static struct unsock_own_stack *take_any_stack(int32_t self) {
    struct unsock_own_stack *stack = take_unowned_stack(self);
    stack = stack ? stack : take_ended_threads_stack(self);
    stack = stack ? stack : make_stack(self);
    if (stack)
        stack->in_use = stack->thread_pointer = 0;
    return stack;
}

struct unsock_own_stack *unsock_own_stack_take(void) {
    settle_kept_stacks();
    return take_any_stack((int32_t)unsock_gettid());
}

/* Returns a stack that this thread borrowed for a call out of which a signal handler jumped (siglongjmp). NULL if there
 * is none, or if that call may still run: then the present call was made on that stack or the signal stack. */
static struct unsock_own_stack *left_behind(const struct unsock_context *context, int32_t self) {
    uint64_t at = UNSOCK_CONTEXT_STACK(context);
    struct unsock_own_stack *found = NULL;
    unsigned all = count_kept_stacks();
    if (unsock_context_on_signal_stack(context, at))
        return NULL;
    for (unsigned i = 0; i < all; i++) {
        struct unsock_own_stack *stack = __atomic_load_n(&kept_stacks[i], __ATOMIC_ACQUIRE);
        if (!stack || owner_of(stack) != self || stack->thread_pointer != 0)
            continue;
        if (unsock_own_stack_has(stack, at))
            return NULL;
        found = stack;
    }
    return found;
}

void unsock_own_stack_forget(void) {
    __atomic_fetch_add(&generation, 1, __ATOMIC_RELAXED);
}

/* True if `size` bytes below `here` are mapped. A true result is remembered until unsock_own_stack_forget. */
static bool is_mapped_below(uint64_t here, uint64_t size) {
    uint64_t page = here / UNSOCK_PAGE, *known = &roomy[page % ROOMY];
    uint64_t now = page << 32 | __atomic_load_n(&generation, __ATOMIC_RELAXED);
    if (__atomic_load_n(known, __ATOMIC_RELAXED) == now)
        return true;
    if (!unsock_user_readable_far((void *)(here - size), size))
        return false;
    __atomic_store_n(known, now, __ATOMIC_RELAXED);
    return true;
}

/* True if this handler's stack has room for a call. The first thread's always has room. A signal stack's size is in
 * the context. In Go programs the handler runs on Go's signal stack, whose 32 KiB must be enough: the call could run on
 * another stack only with the signal stack turned off (on_own_stack), and Go needs it on. */
static bool has_room(const struct unsock_context *context) {
    char mark;
    uint64_t here = (uint64_t)&mark, before = UNSOCK_CONTEXT_STACK(context),
             needed = DEEPEST + FRAMES * (before - here);
    if (unsock_context_on_signal_stack(context, here))
        return here - (uint64_t)context->stack.base >=
               (unsock_context_on_signal_stack(context, before) ? needed : NEEDED_BY_GO);
    return unsock_user_stack_end - here <= UNSOCK_USER_STACK_MOST || is_mapped_below(here, needed);
}

struct call {
    void (*function)(void *);
    void *argument;
    uint64_t blocked; /* signal mask */
    bool on_signal_stack;
};

/* Makes the call on the present stack. If the SIGSYS handler was started on the signal stack, first turns that stack
 * off: otherwise the kernel would start the next handler at its top, over the frame of the SIGSYS handler. So until the
 * call returns, handlers run on the call's stack. rt_sigreturn turns the signal stack on again. */
static void on_own_stack(void *given) {
    static const struct unsock_signal_stack none = {.flags = STACK_DISABLED};
    struct call *call = given;
    if (call->on_signal_stack) {
        unsock_sigaltstack(&none, NULL);
        unsock_rt_sigprocmask(SIG_SETMASK, &call->blocked, NULL);
    }
    call->function(call->argument);
}

struct unsock_own_stack *unsock_own_stack_lend(const struct unsock_context *context) {
    if (has_room(context))
        return NULL;
    int32_t self = (int32_t)unsock_gettid();
    settle_kept_stacks();
    struct unsock_own_stack *stack = left_behind(context, self);
    return stack ? stack : take_any_stack(self);
}

void unsock_own_stack_call(struct unsock_own_stack *stack, const struct unsock_context *context,
                           void (*function)(void *), void *argument) {
    static const uint64_t all = UNSOCK_ALL_SIGNALS;
    struct call call = {.function = function, .argument = argument};
    call.on_signal_stack = unsock_context_on_signal_stack(context, (uint64_t)&call);
    if (call.on_signal_stack)
        unsock_rt_sigprocmask(SIG_SETMASK, &all, &call.blocked);
    unsock_call_on(on_own_stack, &call, (void *)stack->top);
    if (stack->counted)
        __atomic_store_n(&stack->thread, 0, __ATOMIC_RELEASE);
    else
        unsock_munmap((uint64_t)stack, WHOLE);
}
