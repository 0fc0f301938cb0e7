/*
 * Checks every schedule against the rules of TCP and UDP: which servers may be bound together, which clients are
 * refused, which server is reached. A server certainly exists from the end of its bind to the beginning of its close,
 * and may exist from the beginning of its bind to the end of its close.
 */
#include "explore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char finding[256];

static bool is_six(const struct where *where) {
    return strchr(where->text, ':') != NULL;
}

static bool is_wildcard(const struct where *where) {
    return strcmp(where->text, "0.0.0.0") == 0 || strncmp(where->text, "::", 2 + (where->text[2] != 0)) == 0 ||
           strcmp(where->text, "::!") == 0;
}

static bool is_dual(const struct where *where) {
    return strcmp(where->text, "::") == 0;
}

/* True if TCP and UDP do not allow both, whatever their options are. */
static bool overlap(const struct where *a, const struct where *b) {
    if (is_six(a) != is_six(b) && !is_dual(a) && !is_dual(b))
        return false;
    return is_wildcard(a) || is_wildcard(b) || strcmp(a->text, b->text) == 0;
}

static bool is_datagram(const struct operation *each) {
    return each->kind == 'd';
}

/* True if they may be bound beside each other by their options; of streams with SO_REUSEADDR none may listen. */
static bool share(const struct operation *a, const struct operation *b) {
    bool streams = !is_datagram(a) && (a->shut || b->shut || (a->kind == 'n' && b->kind == 'n'));
    return (a->where.share && b->where.share) || (a->where.reuses && b->where.reuses && (is_datagram(a) || streams));
}

static bool conflict(const struct operation *a, const struct operation *b) {
    return overlap(&a->where, &b->where) && !share(a, b);
}

/* The same, where it is not known whether they shared at that time. */
static bool perhaps_conflict(const struct operation *a, const struct operation *b) {
    return overlap(&a->where, &b->where) && (!share(a, b) || !is_datagram(a)) && !(a->where.share && b->where.share);
}

/* How well a server fits a client's address: 3 exactly, 2 the family's wildcard, 1 the other one's, 0 not at all. */
static int fits(const struct where *server, const char *address) {
    bool six = strchr(address, ':') != NULL;
    if (strcmp(server->text, address) == 0)
        return 3;
    if (!is_wildcard(server))
        return 0;
    return is_six(server) == six ? 2 : is_dual(server);
}

static bool is_server(const struct operation *each) {
    return strchr("bnd", each->kind) != NULL;
}

static bool is_foreign(const struct operation *each) {
    return strchr("sSm", each->kind) != NULL;
}

static bool any_foreign(void) {
    for (int i = 0; i < shared->operations; i++)
        if (is_foreign(&shared->operation[i]))
            return true;
    return false;
}

/* Bound for certain at some time; killed in the middle of its bind, or bound: perhaps. */
static bool was_bound(const struct operation *each) {
    return is_server(each) && each->ended != FOREVER && each->result == 0;
}

static bool was_perhaps_bound(const struct operation *each) {
    return is_server(each) && (each->ended == FOREVER || each->result == 0);
}

static bool same_kind(const struct operation *a, const struct operation *b) {
    return is_datagram(a) == is_datagram(b);
}

static bool perhaps_meets(const struct operation *server, const struct operation *other) {
    return was_perhaps_bound(server) && server->began <= other->ended && other->began <= server->gone;
}

/* A bind that ends in vain as one of its calls is made to fail has been on its way until then. */
static bool was_on_its_way(const struct operation *server, const struct operation *other) {
    return failure != 0 && server->process == 0 && is_server(server) && server->result < 0 &&
           server->began <= other->ended && other->began <= server->ended;
}

static bool certainly_there(const struct operation *server, const struct operation *client) {
    return was_bound(server) && server->ended <= client->began && client->ended <= server->leaves;
}

static const char *say(const char *what, const struct operation *each, long number) {
    snprintf(finding, sizeof finding, "process %c, %c%s%s: %s (%ld)", 'A' + each->process, each->kind, each->where.text,
             each->where.share    ? "+"
             : each->where.reuses ? "*"
                                  : "",
             what, number);
    return finding;
}

/* One that was shut down while a call failed keeps its address alone, not the port (docs/limits.md). */
static bool may_have_lost_port(const struct operation *each) {
    return failure != 0 && each->process == 0 && each->shut;
}

static const char *judge_pair(const struct operation *a, const struct operation *b) {
    if (may_have_lost_port(a) || may_have_lost_port(b))
        return NULL;
    if (was_bound(a) && was_bound(b) && same_kind(a, b) && conflict(a, b) && a->ended < b->leaves &&
        b->ended < a->leaves)
        return say("bound beside one that excludes it", a, b->process);
    return NULL;
}

static const char *judge_bind(const struct operation *me) {
    if (me->ended == FOREVER || me->result == 0)
        return NULL;
    if (any_foreign())
        return NULL; /* what a control file says, or whoever took the name */
    if (two_users && me->result == -EACCES)
        return NULL; /* what another has left in a directory where he alone may remove it */
    if (failure != 0 && me->process == 0)
        return NULL;
    if (me->result != -EADDRINUSE)
        return say("bind failed", me, -me->result);
    for (int i = 0; i < shared->operations; i++) {
        const struct operation *other = &shared->operation[i];
        if (other == me || !same_kind(other, me))
            continue;
        /* A port of another user's, also of one who was killed: nobody else may take away what he has left. */
        if (two_users || ((perhaps_meets(other, me) || was_on_its_way(other, me)) && perhaps_conflict(other, me)))
            return NULL;
    }
    return say("EADDRINUSE, and nobody excludes it", me, 0);
}

static bool certainly_listens(const struct operation *server, const struct operation *client) {
    return server->listens && server->since <= client->began && client->ended <= server->until;
}

/* Of those that share UDP's address by SO_REUSEADDR alone the newest one has it. */
static bool is_newer(const struct operation *a, const struct operation *b) {
    return is_datagram(a) && is_datagram(b) && a->where.reuses && b->where.reuses && a->began > b->ended;
}

/* A client that comes later reaches the best one, and of UDP's the newest. */
static const char *judge_later(const struct operation *me, const struct operation *reached) {
    for (int i = 0; i < shared->operations; i++) {
        const struct operation *other = &shared->operation[i];
        int its = fits(&reached->where, me->where.text), others = fits(&other->where, me->where.text);
        if (is_datagram(other) && certainly_there(other, me) &&
            (others > its || (others == its && is_newer(other, reached))))
            return say("a datagram that comes later passes one by", me, other->process);
    }
    return NULL;
}

static const char *judge_reached(const struct operation *me, bool plain) {
    for (int i = 0; i < shared->operations; i++) {
        const struct operation *server = &shared->operation[i];
        if (shared->process[server->process] != me->reached)
            continue;
        if (is_foreign(server))
            return NULL;
        bool any = plain || one_address;
        if (me->later && is_datagram(server) && fits(&server->where, me->where.text) > 0)
            return judge_later(me, server);
        if (perhaps_meets(server, me) && (any || fits(&server->where, me->where.text) > 0))
            return NULL;
    }
    return say("reached one that is not at this address", me, me->reached);
}

/* True if the datagram's receiver may have closed, or was killed, before it read it. */
static bool may_have_died(const struct operation *me) {
    for (int i = 0; i < shared->operations; i++) {
        const struct operation *server = &shared->operation[i];
        if (server->kind == 'd' && fits(&server->where, me->where.text) > 0 && perhaps_meets(server, me) &&
            (shared->killed[server->process] || !certainly_there(server, me)))
            return true;
    }
    return false;
}

static const char *judge_client(const struct operation *me, bool killed) {
    bool plain = me->kind == 'X';
    if (me->ended == FOREVER)
        return NULL;
    if (me->kind == 'y' ? me->result == 0 && me->reached != 0 : me->result == 0)
        return me->reached == 0 ? NULL : judge_reached(me, plain);
    if (any_foreign() || (plain && killed) || (two_users && me->result == -EACCES) ||
        (failure != 0 && me->process == 0))
        return NULL;
    if (me->result != 0 && me->result != -ECONNREFUSED && !(plain && me->result == -ENOENT))
        return say("failed otherwise than refused", me, -me->result);
    if (me->kind == 'y' && me->result == 0 && may_have_died(me))
        return NULL;
    for (int i = 0; i < shared->operations; i++) {
        const struct operation *server = &shared->operation[i];
        if ((me->kind == 'y') != (server->kind == 'd') || (server->kind == 'n' && plain))
            continue;
        if (certainly_there(server, me) && (me->kind == 'y' || certainly_listens(server, me)) &&
            (plain || fits(&server->where, me->where.text) > 0))
            return say("refused, and somebody is there all the time", me, server->process);
    }
    return NULL;
}

const char *judge(bool killed) {
    const char *wrong = NULL;
    for (int i = 0; !wrong && i < shared->operations; i++) {
        const struct operation *me = &shared->operation[i];
        for (int j = 0; !wrong && j < i; j++)
            wrong = judge_pair(&shared->operation[j], me);
        if (!wrong && is_server(me))
            wrong = judge_bind(me);
        if (!wrong && strchr("xXy", me->kind))
            wrong = judge_client(me, killed);
    }
    return wrong;
}

static bool lives(const struct operation *each) {
    return (was_bound(each) || (is_foreign(each) && each->result == 0)) && each->gone == FOREVER && each->listens;
}

/* Whom a client of an address must reach: the best that live. */
static int best_for(const char *address) {
    int best = 0;
    for (int i = 0; i < shared->operations; i++) {
        const struct operation *each = &shared->operation[i];
        if (is_server(each) && lives(each) && fits(&each->where, address) > best)
            best = fits(&each->where, address);
    }
    return best;
}

static const char *ask(const char *address) {
    struct operation *client = &shared->operation[shared->operations];
    pid_t child = fork();
    if (child == 0) {
        *client = (struct operation){.kind = 'x', .result = -ECHILD};
        snprintf(client->where.text, sizeof client->where.text, "%s", address);
        client->result = try_connect(address, &client->reached);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    int best = best_for(address);
    if (client->result != 0)
        return best > 0 && !any_foreign() ? say("a client that comes later fails", client, -client->result) : NULL;
    for (int i = 0; i < shared->operations; i++) {
        const struct operation *each = &shared->operation[i];
        if (lives(each) && shared->process[each->process] == client->reached &&
            (is_foreign(each) || one_address || (best > 0 && fits(&each->where, address) == best)))
            return NULL;
    }
    return say("a client that comes later reaches another", client, client->reached);
}

static const char *ask_plain(void) {
    struct operation *client = &shared->operation[shared->operations];
    pid_t child = fork();
    if (child == 0) {
        *client = (struct operation){.kind = 'X'};
        client->result = try_plain(&client->reached);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    for (int i = 0; i < shared->operations; i++)
        if (lives(&shared->operation[i]))
            return client->result != 0 ? say("a plain client that comes later fails", client, -client->result) : NULL;
    return NULL;
}

/* Sent by a child, which remembers nothing; received when its receiver ends (drain). */
static void send_later(const char *address) {
    int number = shared->operations++;
    struct operation *me = &shared->operation[number];
    *me = (struct operation){.kind = 'y', .process = PROCESSES_MOST - 1, .later = true};
    me->began = me->ended = shared->now;
    me->leaves = me->gone = FOREVER;
    snprintf(me->where.text, sizeof me->where.text, "%s", address);
    pid_t child = fork();
    if (child == 0) {
        me->result = send_datagram(me, number);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static bool has_datagrams(void) {
    bool any = false;
    for (int i = 0; i < shared->operations; i++) {
        if (strchr("fsSm", shared->operation[i].kind))
            return false; /* copies that receive nothing, or others' names */
        any |= is_datagram(&shared->operation[i]);
    }
    return any;
}

/* Two that exclude each other may be bound beside each other, but not both listen. */
static const char *judge_listeners(void) {
    for (int i = 0; i < shared->operations; i++)
        for (int j = 0; j < i; j++) {
            const struct operation *a = &shared->operation[i], *b = &shared->operation[j];
            if (is_server(a) && is_server(b) && lives(a) && lives(b) && overlap(&a->where, &b->where) &&
                !(a->where.share && b->where.share))
                return say("listens beside another one", a, b->process);
        }
    return NULL;
}

const char *judge_living(bool killed) {
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.9", "::1"};
    const char *wrong = judge_listeners();
    shared->now++;
    for (size_t i = 0; !wrong && has_datagrams() && i < 3; i++)
        send_later(addresses[i]);
    for (size_t i = 0; !wrong && i < sizeof addresses / sizeof *addresses; i++)
        wrong = ask(addresses[i]);
    return wrong || killed || any_foreign() ? wrong : ask_plain();
}
