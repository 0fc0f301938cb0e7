/*
 * For CBMC: what the names of a port say of an address is read back, for every address, number and port; and whom TCP
 * lets be bound beside each other is told by the names alone. ADDRESSES_OF: 4 or 6. LONG: the directory's name is so
 * long that five characters stand for an address.
 */
#include "rules/port_name.h"
#include "rt/mem.h"
#include "rules/settings.h"

#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif
#ifndef LONG
#define LONG 0
#endif

bool nondet_bool(void);
uint8_t nondet_byte(void);
uint16_t nondet_port(void);

struct unsock_settings unsock_settings = {
    .directory =
        LONG ? "/23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890" : "/d",
    .directory_length = LONG ? UNSOCK_DIR_MOST : 2,
};

static struct unsock_ip any_ip(int family) {
    struct unsock_ip ip = {.family = (uint8_t)family};
    for (int i = 0; i < (family == AF_INET ? 4 : 16); i++)
        ip.bytes[i] = nondet_byte();
    return ip;
}

static struct unsock_port_entry any_entry(struct unsock_ip *ip, bool *v6only) {
    uint8_t number = nondet_byte();
    __CPROVER_assume(number <= UNSOCK_PORT_NUMBERS);
    *ip = any_ip(FAMILY);
    *v6only = nondet_bool();
    return unsock_port_entry_of(ip, *v6only, number);
}

#ifdef READ_BACK
static void check_read_back(void) {
    struct unsock_ip ip, read;
    struct sockaddr_un path;
    bool v6only, read_v6only, several = nondet_bool(), read_several;
    struct unsock_port_entry entry = any_entry(&ip, &v6only), back;
    uint16_t port = nondet_port(), read_port;
    char link[UNSOCK_PORT_LINK_MOST];
    __CPROVER_assume(port != 0);
    unsock_port_path(port, &entry, &path);
    __CPROVER_assert(
        unsock_port_name_read(unsock_span_of(path.sun_path + unsock_settings.directory_length + 1), &read_port, &back),
        "a name is read");
    __CPROVER_assert(read_port == port && unsock_port_same(&entry, &back), "and says what was written");
    unsock_port_link_write(port, &entry, several, link);
    __CPROVER_assert(unsock_port_link_read(unsock_span_of(link), port + WRONG, &back, &read_several), "a link is read");
    __CPROVER_assert(read_several == several && unsock_port_same(&entry, &back), "and says what was written");
    bool known = unsock_port_entry_ip(&entry, &read, &read_v6only);
    __CPROVER_assert(known ? unsock_ip_same_address(&read, &ip) : LONG && read.family == ip.family,
                     "so is the address");
}
#endif

int main(void) {
    check_read_back();
    return 0;
}
