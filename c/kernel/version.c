/* Which kernel this is. */
#include "kernel/version.h"

#include "rt/system_calls.h"
#include "rt/text.h"

#define FIELD 65 /* struct new_utsname (linux/utsname.h): sysname, nodename, release, … */
#define FIELDS 6
#define RELEASE 2
#define UNKNOWN_AS 5, 10 /* the oldest one that is supported */

/* major << 16 | minor; 0: not asked yet. */
static uint32_t version;

/* "6.1.0-18-amd64": the numbers in front. */
static uint32_t read_release(const char *release) {
    uint64_t numbers[2] = {UNKNOWN_AS};
    struct unsock_span rest = unsock_span_of(release);
    for (int i = 0; i < 2; i++) {
        size_t digits = 0;
        while (digits < rest.length && rest.at[digits] >= '0' && rest.at[digits] <= '9')
            digits++;
        unsock_span_number((struct unsock_span){rest.at, digits}, 10, UINT16_MAX, &numbers[i]);
        size_t used = UNSOCK_MIN(digits + 1, rest.length);
        rest = (struct unsock_span){rest.at + used, rest.length - used};
    }
    return (uint32_t)(numbers[0] << 16 | numbers[1]);
}

bool unsock_kernel_is_before(unsigned major, unsigned minor) {
    uint32_t known = __atomic_load_n(&version, __ATOMIC_RELAXED);
    if (known == 0) {
        char fields[FIELDS][FIELD] = {{0}};
        unsock_uname(fields);
        fields[RELEASE][FIELD - 1] = '\0';
        known = read_release(fields[RELEASE]);
        __atomic_store_n(&version, known, __ATOMIC_RELAXED);
    }
    return known < (major << 16 | minor);
}
