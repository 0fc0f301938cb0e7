/* The steps of changing code. */
#include "rt/code.h"

#include "rt/system_calls.h"

long unsock_code_copy(long fd, uint64_t offset, uint64_t size) {
    return unsock_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, offset);
}

long unsock_code_make(uint64_t at, uint64_t size) {
    return unsock_mprotect(at, size, PROT_READ | PROT_EXEC);
}

long unsock_code_move(uint64_t copy, uint64_t size, uint64_t to) {
    long result = unsock_code_make(copy, size);
    if (result < 0)
        return result;
    result = unsock_mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    return unsock_is_error(result) ? result : 0;
}
