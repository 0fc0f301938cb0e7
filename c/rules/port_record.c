/* Decides by a port's entries what a bind, a close and a connect do. Pure. */
#include "rules/port_record.h"

int unsock_port_find(const struct unsock_port *port, const struct unsock_port_entry *wanted) {
    for (unsigned i = 0; i < port->count; i++) {
        if (unsock_port_same(&port->entries[i], wanted))
            return (int)i;
    }
    return -1;
}

bool unsock_port_add(struct unsock_port *port, const struct unsock_port_entry *entry) {
    if (port->count >= UNSOCK_PORT_ENTRIES)
        return false;
    port->entries[port->count] = *entry;
    port->life[port->count++] = UNSOCK_PORT_ALIVE;
    return true;
}

void unsock_port_take(struct unsock_port *port, size_t length) {
    struct unsock_span rest = {port->text, length};
    port->count = 0;
    while (port->count < UNSOCK_PORT_ENTRIES && unsock_port_entry_next(&rest, &port->entries[port->count]))
        unsock_port_entry_at(&port->entries[port->count++], port->key);
    port->unreadable = port->several && (length == 0 || rest.length > 0 || port->count == UNSOCK_PORT_ENTRIES);
    if (port->unreadable)
        port->count = 0;
    /* If a process was killed in unsock_port_join, the record may list the first socket only under its new number. In
     * this case, the code below adds the socket's old name, with the same marks. */
    struct unsock_port_entry first = port->first;
    bool listed = port->holder != UNSOCK_PORT_OURS, numbered = port->key.type != SOCK_DGRAM;
    for (unsigned i = 0; i < port->count; i++) {
        port->life[i] = UNSOCK_PORT_UNKNOWN;
        bool same_address = unsock_port_same_address(&port->entries[i], &first);
        listed |= same_address && port->entries[i].number == first.number;
        first.marks |= same_address && !numbered ? port->entries[i].marks : 0;
        numbered |= same_address;
    }
    if (!listed && unsock_port_add(port, &first))
        port->life[port->count - 1] = UNSOCK_PORT_UNKNOWN;
}

static void set_life(struct unsock_port *port, const struct unsock_port_entry *entry, enum unsock_port_life life) {
    int index = unsock_port_find(port, entry);
    if (index >= 0)
        port->life[index] = (uint8_t)life;
}

void unsock_port_forget(struct unsock_port *port, const struct unsock_port_entry *entry) {
    set_life(port, entry, UNSOCK_PORT_GONE);
}

static bool is_life_gone(uint8_t life) {
    return life == UNSOCK_PORT_STALE || life == UNSOCK_PORT_GONE;
}

unsigned unsock_port_living(const struct unsock_port *port) {
    unsigned living = 0;
    for (unsigned i = 0; i < port->count; i++)
        living += !is_life_gone(port->life[i]);
    return living;
}

/* A stream with UNSOCK_PORT_REUSEPORT has a number in its name: this mark alone needs no record. */
bool unsock_port_needs_record(const struct unsock_port_entry *entry) {
    return (entry->marks & ~(entry->type == SOCK_STREAM ? UNSOCK_PORT_REUSEPORT : 0)) != 0;
}

bool unsock_port_has_record(const struct unsock_port *port) {
    bool marked = false;
    for (unsigned i = 0; i < port->count; i++)
        marked |= !is_life_gone(port->life[i]) && unsock_port_needs_record(&port->entries[i]);
    return marked || unsock_port_living(port) > 1;
}

bool unsock_port_write(struct unsock_port *port, const struct unsock_port_entry *me) {
    char *at = port->text, *end = at + UNSOCK_PORT_RECORD_MOST;
    for (unsigned i = 0; at < end && i < port->count + (me ? 1 : 0); i++) {
        const struct unsock_port_entry *entry = i < port->count ? &port->entries[i] : me;
        if (i < port->count && (is_life_gone(port->life[i]) || (me && unsock_port_same(entry, me))))
            continue;
        if (at > port->text)
            *at++ = ' ';
        at = unsock_port_entry_put(at, entry);
    }
    *at = '\0';
    return at < end;
}

int unsock_port_next_unnumbered(const struct unsock_port *port, const struct unsock_port_entry *me) {
    for (unsigned i = 0; i < port->count; i++) {
        const struct unsock_port_entry *entry = &port->entries[i];
        if (entry->number == 0 && !is_life_gone(port->life[i]) && !unsock_port_same(entry, me) &&
            unsock_port_overlap(entry, me))
            return (int)i;
    }
    return -1;
}

bool unsock_port_next_number(struct unsock_port_entry *entry) {
    if (entry->number == 0 || entry->number == UNSOCK_PORT_SHARERS || entry->number == UNSOCK_PORT_NUMBERS)
        return false;
    entry->number++;
    return true;
}

void unsock_port_skip_taken(const struct unsock_port *port, struct unsock_port_entry *me) {
    int index;
    while ((index = unsock_port_find(port, me)) >= 0 && !is_life_gone(port->life[index]) && unsock_port_next_number(me))
        ;
}

void unsock_port_renumber(struct unsock_port *port, unsigned index, const struct unsock_port_entry *numbered) {
    if (unsock_port_same(&port->entries[index], &port->first))
        port->first = *numbered;
    port->life[index] = UNSOCK_PORT_STALE;
    unsock_port_add(port, numbered);
}

void unsock_port_unnumber(struct unsock_port *port, unsigned from) {
    for (unsigned i = from; i < port->count; i++) {
        struct unsock_port_entry before = port->entries[i];
        before.number = 0;
        port->life[i] = UNSOCK_PORT_STALE;
        set_life(port, &before, UNSOCK_PORT_ALIVE);
    }
}

static uint64_t sum_entry(uint64_t sum, const struct unsock_port_entry *entry) {
    const uint32_t parts[] = {entry->number, entry->marks, entry->v6only, entry->form, entry->target.family};
    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        sum = (sum ^ parts[i]) * 0x9e3779b97f4a7c15;
    for (unsigned i = 0; i < 4; i++)
        sum = ((sum ^ entry->ip.words[i]) * 0x9e3779b97f4a7c15 ^ entry->target.words[i]) * 0x9e3779b97f4a7c15;
    return (sum ^ entry->ip.family) * 0x9e3779b97f4a7c15;
}

uint64_t unsock_port_sum(const struct unsock_port *port) {
    uint64_t sum = sum_entry((uint64_t)port->holder << 1 | port->several, &port->first);
    for (unsigned i = 0; i < port->count; i++)
        sum = sum_entry(sum, &port->entries[i]);
    return sum;
}

/* Must know whether the first socket is live: PORT.sock must not point to a stale socket after this bind. */
struct unsock_port_joining unsock_port_decide_bind(const struct unsock_port *port, const struct unsock_port_entry *me) {
    struct unsock_port_joining joining = {.verdict = UNSOCK_PORT_JOIN, .be_first = port->holder != UNSOCK_PORT_OURS};
    if (port->unreadable)
        return (struct unsock_port_joining){.verdict = UNSOCK_PORT_REFUSE, .which = -1};
    for (unsigned i = 0; i < port->count; i++) {
        const struct unsock_port_entry *entry = &port->entries[i];
        bool first = unsock_port_same(entry, &port->first), excludes = unsock_port_conflict(entry, me);
        bool shares = !excludes && unsock_port_overlap(entry, me);
        uint8_t life = port->life[i];
        joining.beside |= !is_life_gone(life);
        joining.shares |= shares && entry->number != 0 && !is_life_gone(life);
        if (!first && !excludes && !(shares && entry->number == 0))
            continue;
        if (life == UNSOCK_PORT_UNKNOWN)
            return (struct unsock_port_joining){.verdict = UNSOCK_PORT_ASK, .which = (int)i};
        joining.be_first |= first && (is_life_gone(life) || life == UNSOCK_PORT_OWN);
        if (is_life_gone(life))
            continue;
        if (excludes && life != UNSOCK_PORT_OWN)
            return (struct unsock_port_joining){.verdict = UNSOCK_PORT_REFUSE, .which = (int)i};
        joining.shares |= shares && life != UNSOCK_PORT_OWN;
    }
    joining.records = joining.beside || unsock_port_needs_record(me);
    return joining;
}

struct unsock_port_leaving unsock_port_decide_leave(const struct unsock_port *port,
                                                    const struct unsock_port_entry *me) {
    struct unsock_port_leaving leaving = {false, -1, UNSOCK_PORT_HEIR_STAYS};
    if (port->holder != UNSOCK_PORT_OURS)
        return leaving;
    if (!unsock_port_same(&port->first, me) && !is_life_gone(port->life[unsock_port_find(port, &port->first)]))
        return leaving;
    for (unsigned i = 0; i < port->count; i++) {
        if (unsock_port_same(&port->entries[i], me) || is_life_gone(port->life[i]))
            continue;
        bool known = port->life[i] == UNSOCK_PORT_ALIVE;
        return (struct unsock_port_leaving){!known, (int)i, (int)i};
    }
    leaving.heir = UNSOCK_PORT_HEIR_NONE;
    return leaving;
}

/* The order in which a client tries the sockets on an address. AS_NEWEST: with the newest one's option, as in UDP. */
enum rank { CONNECTED, AS_NEWEST, OTHERS, RANKS };

/* True if sockets with the entry's marks share the clients. With SO_REUSEADDR alone the newest gets all clients. */
static bool spreads(const struct unsock_port_entry *entry) {
    return (entry->marks & UNSOCK_PORT_SHARES) != UNSOCK_PORT_REUSEADDR;
}

static enum rank rank_of(const struct unsock_port_entry *entry, bool newest_spreads) {
    if (entry->marks & UNSOCK_PORT_CONNECTED)
        return CONNECTED;
    return spreads(entry) == newest_spreads ? AS_NEWEST : OTHERS;
}

/* The wanted entries: with `asks`, clients whose names show a target; with `like`, those on its address; or all. */
struct wanted {
    const struct unsock_port_entry *like;
    bool asks;
};

static bool is_wanted(const struct wanted *wanted, const struct unsock_port_entry *entry) {
    if (wanted->asks)
        return unsock_port_entry_asks(entry);
    return !wanted->like || unsock_port_same_address(entry, wanted->like);
}

static bool newest_spreads(const struct unsock_port *port, const struct wanted *wanted) {
    bool spread = true;
    for (unsigned i = 0; i < port->count; i++) {
        const struct unsock_port_entry *entry = &port->entries[i];
        if (is_wanted(wanted, entry) && !(entry->marks & UNSOCK_PORT_CONNECTED))
            spread = spreads(entry);
    }
    return spread;
}

/* Finds the wanted entry with this index in the order of the ranks. Sockets over which clients are spread are counted
 * from number `start` on, all others from the newest. */
static bool pick(const struct unsock_port *port, const struct wanted *wanted, unsigned start, unsigned *index,
                 struct unsock_port_entry *found) {
    unsigned count[RANKS] = {0}, rank = 0;
    bool spread = newest_spreads(port, wanted);
    for (unsigned i = 0; i < port->count; i++) {
        if (is_wanted(wanted, &port->entries[i]))
            count[rank_of(&port->entries[i], spread)]++;
    }
    while (rank < RANKS && *index >= count[rank])
        *index -= count[rank++];
    if (rank == RANKS)
        return false;
    bool from_start = rank != CONNECTED && (rank == AS_NEWEST) == spread;
    unsigned place = from_start ? (start % count[rank] + *index) % count[rank] : count[rank] - 1 - *index;
    for (unsigned i = 0; i < port->count; i++) {
        const struct unsock_port_entry *entry = &port->entries[i];
        if (is_wanted(wanted, entry) && rank_of(entry, spread) == rank && place-- == 0) {
            *found = *entry;
            return true;
        }
    }
    return false;
}

bool unsock_port_candidate(const struct unsock_port *port, const struct unsock_ip *ip, unsigned spread,
                           bool one_address, unsigned index, struct unsock_port_entry *entry) {
    const struct unsock_ip any = {.family = ip->family}, any6 = {.family = AF_INET6};
    const struct unsock_port_entry ranks[] = {
        unsock_port_entry_of(ip, port->key.type, true, 0),
        unsock_port_entry_of(&any, port->key.type, true, 0),
        unsock_port_entry_of(&any6, port->key.type, false, 0),
    };
    for (unsigned i = unsock_ip_is_wildcard(ip); i < sizeof(ranks) / sizeof(ranks[0]); i++) {
        if (pick(port, &(struct wanted){.like = &ranks[i]}, spread, &index, entry))
            return true;
    }
    return pick(port, &(struct wanted){.asks = true}, 0, &index, entry) ||
           (one_address && pick(port, &(struct wanted){.asks = false}, 0, &index, entry));
}
