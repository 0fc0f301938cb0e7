/* What a name in the directory is. Pure. */
#include "rules/port_name.h"

#define LOCK ".unsock.lock"
#define ASIDE ".unsock.gone" /* files/target_file.c */

static bool is_number_behind(struct unsock_span name, const char *start, unsigned base, uint64_t most) {
    size_t length = strlen(start);
    uint64_t number;
    return name.length > length && unsock_same(name.at, start, length) &&
           unsock_span_number((struct unsock_span){name.at + length, name.length - length}, base, most, &number);
}

bool unsock_file_name_is_unfinished_lock(struct unsock_span name) {
    return is_number_behind(name, LOCK ".", 10, INT32_MAX);
}

bool unsock_file_name_is_unfinished_control(struct unsock_span name) {
    return name.length == strlen(UNSOCK_FILE_CONTROL_PART) + UNSOCK_FILE_CONTROL_DIGITS &&
           is_number_behind(name, UNSOCK_FILE_CONTROL_PART, 16, UINT64_MAX);
}

enum unsock_file_kind unsock_file_name_read(struct unsock_span name, struct unsock_port_key *key,
                                            struct unsock_port_entry *entry) {
    struct unsock_name plain;
    bool next;
    *key = (struct unsock_port_key){.number = 0};
    if (unsock_port_name_read(name, key, entry))
        return UNSOCK_FILE_SOCKET;
    if (unsock_port_record_name_read(name, key, &next))
        return next ? UNSOCK_FILE_NEXT : UNSOCK_FILE_RECORD;
    *key = (struct unsock_port_key){.number = 0};
    if (unsock_span_is(name, LOCK) || unsock_span_is(name, ASIDE) || unsock_file_name_is_unfinished_lock(name) ||
        unsock_file_name_is_unfinished_control(name))
        return UNSOCK_FILE_INNER;
    if (!unsock_kernel_name_read_file(name, &plain) || plain.own)
        return UNSOCK_FILE_NONE;
    *key = (struct unsock_port_key){plain.port, (uint8_t)plain.type};
    return UNSOCK_FILE_PORT;
}
