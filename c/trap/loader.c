/* Loads a program in the library's place, and jumps to it. */
#include "trap/image.h"

#include "kernel/file_info.h"
#include "kernel/log.h"
#include "options/options.h"
#include "process/exec.h"
#include "process/start.h"
#include "rt/code.h"
#include "rt/user.h"
#include "trap/trapped.h"

#include <linux/prctl.h>

#define EXIT_OWN 125
#define EXIT_NOT_EXECUTABLE 126
#define CANNOT "cannot be loaded"
#define LOAD_STRINGS 2
#define PAGE_DEFAULT 4096
#define NAME_SIZE 16 /* of a thread's name (prctl(2), PR_SET_NAME) */

/* The initial stack as the kernel makes it (System V ABI): argc, argv, NULL, environment, NULL, auxiliary vector. */
struct start {
    uint64_t *stack;
    const char **argv;
    const char **environment;
    size_t variables;
    Elf64_auxv_t *auxiliary;
    const char *file; /* the value of UNSOCK_LOAD_FILE */
    const char *name; /* the value of UNSOCK_LOAD_NAME */
};

static const char *behind(const char *string, const char *prefix) {
    return unsock_begins(string, prefix) ? string + strlen(prefix) : "";
}

static void read_start(uint64_t *stack, struct start *start) {
    start->stack = stack;
    start->argv = (const char **)(stack + 1);
    start->environment = start->argv + stack[0] + 1;
    start->variables = unsock_list_length(start->environment);
    start->auxiliary = (Elf64_auxv_t *)(start->environment + start->variables + 1);
    start->file = start->name = "";
    if (start->variables >= LOAD_STRINGS) {
        start->file = behind(start->environment[start->variables - 2], UNSOCK_LOAD_FILE);
        start->name = behind(start->environment[start->variables - 1], UNSOCK_LOAD_NAME);
    }
}

bool unsock_loader_is_asked(const uint64_t *stack) {
    struct start start;
    read_start((uint64_t *)stack, &start);
    return start.file[0] != '\0' && start.name[0] != '\0';
}

static uint64_t auxiliary(const struct start *start, uint64_t type, uint64_t otherwise) {
    for (const Elf64_auxv_t *entry = start->auxiliary; entry->a_type != AT_NULL; entry++) {
        if (entry->a_type == type)
            return entry->a_un.a_val;
    }
    return otherwise;
}

static void set_auxiliary(struct start *start, uint64_t type, uint64_t value) {
    for (Elf64_auxv_t *entry = start->auxiliary; entry->a_type != AT_NULL; entry++) {
        if (entry->a_type == type)
            entry->a_un.a_val = value;
    }
}

__attribute__((noreturn)) static void fail_load(const char *what, const char *why, int status) {
    UNSOCK_TEXT(line, 512);
    unsock_text_put(&line, "unsock: ");
    unsock_text_quote(&line, unsock_span_of(what));
    unsock_text_join(&line, ": ", why, "\n");
    unsock_write(2, line.buffer, line.length);
    unsock_exit(status);
}

/* Removes the two variables of the loader from the environment. The stack stays aligned: two pointers are 16 bytes. */
static void remove_strings(struct start *start) {
    size_t words = (size_t)((uint64_t *)(start->environment + start->variables - LOAD_STRINGS) - start->stack);
    memmove(start->stack + LOAD_STRINGS, start->stack, words * sizeof(uint64_t));
    struct start before = *start;
    read_start(start->stack + LOAD_STRINGS, start);
    start->file = before.file;
    start->name = before.name;
}

/* Opens the program. `start->file` is "p" and its path, or "f" and the number of an open descriptor. */
static long open_program(const struct start *start) {
    uint64_t fd;
    if (start->file[0] == 'p')
        return unsock_openat(AT_FDCWD, start->file + 1, O_RDONLY | O_CLOEXEC, 0);
    return unsock_span_number(unsock_span_of(start->file + 1), 10, INT32_MAX, &fd) ? (long)fd : -ENOENT;
}

/* True for Go and Free Pascal programs. A goroutine's stack is too small for a signal handler. */
static bool needs_alternate_stack(long fd) {
    static UNSOCK_TABLE _Alignas(16) uint8_t room[UNSOCK_PROGRAM_ROOM];
    struct unsock_program_file file;
    unsock_program_look(fd, room, &file);
    return file.own_calls;
}

static void map_or_fail(const struct start *start, long fd, struct unsock_image *image) {
    long result = fd < 0 ? fd : unsock_image_map(fd, auxiliary(start, AT_PAGESZ, PAGE_DEFAULT), image);
    if (result < 0)
        fail_load(start->name, result == -ENOEXEC ? "is no program that can be loaded" : CANNOT, EXIT_NOT_EXECUTABLE);
}

static UNSOCK_TABLE struct unsock_image program, linker;

/* The start of Go's heap, where goroutines' stacks are. Go never unmaps heap memory (runtime/malloc.go, mallocinit). */
#ifdef __x86_64__
#define GO_HEAP ((uintptr_t)0x00c0 << 32)
#else
#define GO_HEAP ((uintptr_t)0x0040 << 32)
#endif

/* True if a system call whose number carries UNSOCK_TRAPPED_TAG reaches the SIGSYS handler. If the process has another
 * filter (`filtered`), such as an older library's or a service manager's, that filter may kill a process for an unknown
 * call number. So a child makes the call. */
static bool is_tag_trapped(bool filtered) {
    long tagged = (long)UNSOCK_TRAPPED_TAG | __NR_getpid;
    if (!filtered)
        return unsock_syscall6(tagged, 0, 0, 0, 0, 0, 0) > 0;
    long child = unsock_clone(0, NULL);
    if (child == 0) {
        unsock_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core dump of the child */
        unsock_exit(unsock_syscall6(tagged, 0, 0, 0, 0, 0, 0) <= 0);
    }
    return unsock_wait_for(child) == 0;
}

/* Rewrites the calls of static, Go and Free Pascal programs, which make their system calls themselves. With
 * `small_stacks` (Go, Free Pascal), leaves the program unchanged if no tagged call is trapped. A call that
 * finds no stack of the library's is tagged, so that the SIGSYS handler adds one. Untrapped, such a call would fail. */
static void patch(const struct start *start, long fd, bool small_stacks, bool filtered) {
    struct unsock_patch patch = {&program, fd, auxiliary(start, AT_PAGESZ, PAGE_DEFAULT),
                                 auxiliary(start, AT_HWCAP2, 0), small_stacks};
    if (unsock_activity != UNSOCK_ACTIVE || (program.interpreter[0] != '\0' && !small_stacks))
        return;
    unsock_send_limit_unseen = true;
    if (!unsock_settings.patch || (small_stacks && !is_tag_trapped(filtered)))
        return;
    long result = unsock_patch(&patch);
    unsock_send_limit_unseen = result <= 0;
    if (result == -EFAULT)
        fail_load(start->name, CANNOT, EXIT_NOT_EXECUTABLE);
    if (result < 0)
        unsock_log("rewrite", -1, NULL, NULL, result);
}

/* Appends the name of the AppArmor profile that the kernel would attach to the program if the program itself were
 * executed, not the library. Appends nothing if there is no such profile. */
static void find_profile(const struct start *start, long fd, struct unsock_text *profile) {
    struct unsock_exec named = {.directory = AT_FDCWD, .path = start->name},
                       open = {.directory = (int)fd, .path = "", .flags = AT_EMPTY_PATH};
    struct unsock_confinement_question question = {start->file[0] == 'p' ? &named : &open, NULL, NULL, NULL};
    unsock_confinement_ask(&question, profile);
}

void unsock_loader_start(void *stack) {
    struct start start;
    char name[NAME_SIZE] = {0};
    UNSOCK_TEXT(profile, UNSOCK_PROFILE_MOST);
    read_start(stack, &start);
    const char *own = (const char *)auxiliary(&start, AT_EXECFN, (uint64_t)""); /* absolute (process/exec.c) */
    remove_strings(&start);
    /* Sets the thread's name before anything is logged, since the log contains the name. */
    struct unsock_span base = unsock_base_name(unsock_span_of(start.name));
    memcpy(name, base.at, UNSOCK_MIN(base.length, sizeof(name) - 1));
    unsock_prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0);
    unsock_start_loaded(start.environment, own, auxiliary(&start, AT_RANDOM, 0));
    long fd = open_program(&start);
    find_profile(&start, fd, &profile);
    map_or_fail(&start, fd, &program);
    unsock_self_exe_note((int)fd);
    unsock_vdso_start(auxiliary(&start, AT_SYSINFO_EHDR, 0));
    bool alternate = needs_alternate_stack(fd);
    if (program.interpreter[0] != '\0') {
        long interpreter = unsock_openat(AT_FDCWD, program.interpreter, O_RDONLY | O_CLOEXEC, 0);
        map_or_fail(&start, interpreter, &linker);
        unsock_close(interpreter);
    }
    if (program.executable_stack)
        unsock_mprotect((uint64_t)start.stack & ~(auxiliary(&start, AT_PAGESZ, PAGE_DEFAULT) - 1), PAGE_DEFAULT,
                        PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
    set_auxiliary(&start, AT_PHDR, program.headers);
    set_auxiliary(&start, AT_PHNUM, program.header_count);
    set_auxiliary(&start, AT_ENTRY, program.entry);
    set_auxiliary(&start, AT_BASE, linker.bias);
    set_auxiliary(&start, AT_EXECFN, (uint64_t)start.name);
    bool filtered = unsock_prctl(PR_GET_SECCOMP, 0, 0, 0, 0) > 0;
    if (unsock_trap_install(alternate) < 0)
        fail_load(start.name, "this system does not let its system calls be trapped (seccomp)", EXIT_OWN);
    if (alternate)
        unsock_user_stays(GO_HEAP);
    patch(&start, fd, alternate, filtered);
    unsock_close(fd);
    if (profile.length > 0 && !unsock_confinement_enter(profile.buffer))
        fail_load(start.name, "its AppArmor profile cannot be kept", EXIT_OWN);
    unsock_jump(program.interpreter[0] != '\0' ? linker.entry : program.entry, start.stack);
}
