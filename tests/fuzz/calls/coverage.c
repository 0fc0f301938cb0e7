/* Marks which blocks of the library have run, in a file that all processes map: they may be killed at any time. The
 * compiler calls this at the start of each block (-fsanitize-coverage=trace-pc). */
#include "rt/system_calls.h"

#define SIZE (4ul << 20)

extern const unsigned char __ehdr_start[] __attribute__((visibility("hidden")));
void __sanitizer_cov_trace_pc(void);

static unsigned char *map_marks(void) {
    long fd = unsock_openat(AT_FDCWD, COVERAGE_FILE, O_RDWR, 0);
    if (fd < 0)
        return NULL;
    long at = unsock_mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
    unsock_close((int)fd);
    return at < 0 && at > -4096 ? NULL : (unsigned char *)at;
}

void __sanitizer_cov_trace_pc(void) {
    static unsigned char *marks;
    unsigned char *known = __atomic_load_n(&marks, __ATOMIC_RELAXED);
    if (!known) {
        known = map_marks();
        __atomic_store_n(&marks, known, __ATOMIC_RELAXED);
    }
    if (known)
        known[(const unsigned char *)__builtin_return_address(0) - __ehdr_start] = 1;
}
