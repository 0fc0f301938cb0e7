/*
 * The protocol of one UDP port's names, for Spin, beside port.pml, which has that of streams: sockets that share an
 * address, connected ones, clients' files, and calls that fail.
 *
 *   UDP=1 KINDS=aax KILLS=2 FAILS=0 pan    three processes; then a last bind, or with CLIENT=1 a client of 127.0.0.1
 *
 * What a process does, by its letter: it binds A 127.0.0.1, B 127.0.0.2, W 0.0.0.0; a, b and w the same with
 * SO_REUSEADDR, P the first with SO_REUSEPORT; x is an a that connects then; and perhaps closes that. c is a client
 * whose file is PORT.dgram.sock itself, k one that asks another address; f a child that the first one forked, and
 * closes; s mends (unsock_port_sweep), p prunes one name; - does nothing.
 *
 * FAILS=1: one call that makes a name, or takes the lock, fails. Left out: a record's order, which is that of the
 * binds here; control files and plain servers; what is left of a link before its rename; a removal that fails.
 */
#define SERVERS 3
#define SOCKETS 4
#define LAST 3
#define NONE 31
#define FOREIGN 30 /* PORT.dgram.sock is a socket's file */
#define STAYS 29
#define ENTRIES 25
#define bit(entry) (1 << (entry))

/* The names .PORTu@127.0.0.1, +1 … +7; from 8 on those of 127.0.0.2, from 16 on of 0.0.0.0; 24 .PORTu@0.0.0.0,… */
#define A 0
#define B 8
#define W 16
#define K 24
#define NUMBERS 7
#define address(entry) ((entry) & 24)
#define number(entry) ((entry) & 7)

#define CLOSE_WITHOUT_LOCK (mutant == 1)
#define SHARE_WITHOUT_LOCK (mutant == 2)
#define OLD_NAME_STAYS (mutant == 3)
#define OLD_NAME_GOES_FIRST (mutant == 4)
#define ONLY_ITS_NAME_IS_LOOKED_FOR (mutant == 5)
#define FIRST_BEFORE_RECORD (mutant == 6)
#define MARK_IS_LOST (mutant == 7)
#define CONNECTED_ENDS_IT (mutant == 8)
#define CLIENTS_FILE_IS_TAKEN (mutant == 9)
#define OLDEST_FIRST (mutant == 10)
#define NO_WAY_BACK (mutant == 11)
#define NAME_OF_ANOTHER (mutant == 12)
#define NO_RECORD_BESIDE_CLIENT (mutant == 13)
#define HEIR_AFTER_CLOSE (mutant == 14)
#define UNLOCKED_REMOVES (mutant == 15)
#define FIRST_FORGETS (mutant == 16)

byte mutant, most_kills, most_fails, with_client, does[SERVERS];

byte file[ENTRIES];       /* the sockets' files, several names of one too: 0, or 1 + whose socket was bound to it */
byte port_sock = NONE;    /* PORT.dgram.sock: to whom it leads */
bool several;             /* and its "./" */
byte plain;               /* whose socket's file it is itself: 1 + */
bool recorded;            /* .PORTu@ is there, */
int record, star, plus, mark; /* and says this: who has SO_REUSEADDR, who SO_REUSEPORT, who is connected */
byte lock = NONE;
byte where[SOCKETS];      /* the address that each binds: A, B, W or K */
bool shares_star[SOCKETS], shares_plus[SOCKETS];
byte holders[SOCKETS];    /* processes that have its socket, which has a name */
bool admitted[SOCKETS];   /* the names tell of it */
bool there[SOCKETS];      /* its bind has returned */
bool connected[SOCKETS];  /* it takes its peer's datagrams alone */
byte stamp[SOCKETS], last_stamp; /* in which order they were bound */
byte trying[SOCKETS];     /* 1: it binds; 2: and somebody living has excluded it */
bool rests[SERVERS + 1];
byte kills, fails;
bool lost;                /* one that got a number from others ends, and looks for its name after that */
bool gap;                 /* since the client began there was a moment when nobody took datagrams at its address */
byte throughout;          /* those that have taken them ever since, as bits */

#define is_dead(e) (file[e] != 0 && holders[file[e] - 1] == 0)
#define lives(e) (file[e] != 0 && holders[file[e] - 1] > 0)

c_decl {
    /* The entries that overlap an address, as bits (unsock_port_overlap). */
    static inline int overlapping(int where) {
        static const int of[] = {0x1ff00ff, 0x1ffff00, 0x1ffffff, 0x1ffffff};
        return of[where >> 3];
    }
    /* Spin takes no call in an expression, but a name. */
\#define SERVER ((P0 *)_this)
\#define CLIENT ((P1 *)_this)
\#define ALL_ARE_LISTED are_all_listed()
\#define FIRST_IS_THERE (!any_admitted() || now.port_sock != 31)
\#define FIRST_LIVES (!any_admitted() || now.kills > 0 || now.fails > 0 || now.does[1] == 'f' || now.lost || first_lives())
\#define IS_ALONE is_alone(SERVER->me)
\#define UNNUMBERED next_unnumbered(SERVER->known & ~SERVER->dead & ~SERVER->gone, SERVER->named)
\#define ASKED next_asked(SERVER->others, SERVER->first, SERVER->named, SERVER->its_star, SERVER->its_plus, now.shares_star[SERVER->me], now.shares_plus[SERVER->me])
\#define EXCLUDES is_excluding(SERVER->at, SERVER->named, SERVER->its_star, SERVER->its_plus, now.shares_star[SERVER->me], now.shares_plus[SERVER->me])
\#define OVERLAPS (overlapping(SERVER->named & 24) >> SERVER->at & 1)
\#define HAS_NUMBERED (SERVER->known & ~SERVER->dead & ~SERVER->gone & overlapping(SERVER->named & 24) & 0xfefefe)
\#define CANDIDATE candidate(CLIENT->left, CLIENT->seen & 0x1ff00ff, CLIENT->its_star, CLIENT->its_plus, CLIENT->its_mark, now.mutant == 10)
\#define NONE_IS_PASSED_OVER !is_passed_over(CLIENT->reached)
}
c_code {
    static int excludes(int i, int j) {
        return (overlapping(now.where[i]) >> now.where[j] & 1) && !(now.shares_star[i] && now.shares_star[j]) &&
               !(now.shares_plus[i] && now.shares_plus[j]);
    }
    /* Whom UDP does not let be bound beside others is not. */
    static int is_alone(int me) {
        for (int i = 0; i < 4; i++)
            if (i != me && now.admitted[i] && now.holders[i] > 0 && excludes(i, me)) return 0;
        return 1;
    }
    static int names_of(int i) {
        int names = 0;
        for (int e = 0; e < 25; e++) names |= (now.file[e] == i + 1) << e;
        return names;
    }
    /* Who is bound is found by the names. */
    static int are_all_listed(void) {
        int told = (now.port_sock < 25 ? 1 << now.port_sock : 0) | (now.several && now.recorded ? now.record : 0);
        for (int i = 0; i < 4; i++)
            if (now.admitted[i] && !(names_of(i) & told) && !(now.port_sock == 30 && now.plain == i + 1)) return 0;
        return 1;
    }
    static int any_admitted(void) {
        return now.admitted[0] || now.admitted[1] || now.admitted[2] || now.admitted[3];
    }
    static int first_lives(void) {
        int of = now.port_sock == 30 ? now.plain : now.port_sock < 25 ? now.file[now.port_sock] : 0;
        return of != 0 && now.holders[of - 1] > 0;
    }
    static void note_rivals(void) {
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                if (now.trying[i] == 1 && i != j && now.holders[j] > 0 && excludes(i, j)) now.trying[i] = 2;
    }
    /* Takes datagrams of a client of 127.0.0.1 that is nobody's peer. */
    static int answers(int i) { return now.there[i] && now.where[i] != 8 && now.where[i] != 24 && !now.connected[i]; }
    static void note_answers(void) {
        int any = 0, at_it = 0;
        if (!now.with_client) return;
        for (int i = 0; i < 4; i++) {
            any |= answers(i);
            at_it |= (answers(i) && now.where[i] == 0) << i;
        }
        now.gap |= !any;
        now.throughout &= at_it;
    }
    /* unsock_port_next_unnumbered */
    static int next_unnumbered(int left, int me) {
        for (int e = 0; e < 24; e += 8)
            if (left >> e & 1 && e != me && (overlapping(me & 24) >> e & 1)) return e;
        return 31;
    }
    /* unsock_port_decide_bind: the next to ask; 31: none. It excludes where its marks are not the new one's. */
    static int is_excluding(int e, int me, int star, int plus, int my_star, int my_plus) {
        return (overlapping(me & 24) >> e & 1) && !(my_star && (star >> e & 1)) && !(my_plus && (plus >> e & 1));
    }
    static int next_asked(int known, int first, int me, int star, int plus, int my_star, int my_plus) {
        for (int e = 0; e < 25; e++)
            if ((known >> e & 1) && (e == first || is_excluding(e, me, star, plus, my_star, my_plus) ||
                                     ((overlapping(me & 24) >> e & 1) && (e & 7) == 0)))
                return e;
        return 31;
    }
    /* unsock_port_candidate, for 127.0.0.1: the connected ones, those of the newest one's kind, the others. */
    static int candidate(int left, int all, int star, int plus, int conn, int oldest_first) {
        static const int ranks[] = {0xff, 0xff0000, 0x1000000};
        for (int r = 0; r < 3; r++) {
            int newest = -1, best = 31, best_rank = 9, best_stamp = -1;
            for (int e = 0; e < 25; e++) {
                int owner = now.file[e] ? now.file[e] - 1 : 0, age = now.stamp[owner] + 1;
                if ((all & ranks[r]) >> e & 1 && !(conn >> e & 1) && (newest < 0 || age > now.stamp[now.file[newest] ? now.file[newest] - 1 : 0] + 1)) newest = e;
            }
            int spread = newest < 0 || !((star >> newest & 1) && !(plus >> newest & 1));
            for (int e = 0; e < 25; e++) {
                if (!((left & ranks[r]) >> e & 1)) continue;
                int its = !((star >> e & 1) && !(plus >> e & 1)), rank = conn >> e & 1 ? 0 : its == spread ? 1 : 2;
                int age = now.stamp[now.file[e] ? now.file[e] - 1 : 0] + 1;
                if (oldest_first) age = 9 - age;
                if (rank < best_rank || (rank == best_rank && age > best_stamp)) best = e, best_rank = rank, best_stamp = age;
            }
            if (best != 31) return best;
        }
        return 31;
    }
}

inline check() {
    assert(c_expr { ALL_ARE_LISTED /* now. */ });
    assert(c_expr { FIRST_IS_THERE /* now. */ });
    assert(c_expr { FIRST_LIVES /* now. */ })
}
inline admit() {
    admitted[me] = true;
    trying[me] = 0;
    last_stamp++;
    stamp[me] = last_stamp;
    assert(c_expr { IS_ALONE /* now. */ })
}
/* A living socket's last name is never removed. */
inline unlink(e) { file[e] = 0; assert(renounces || c_expr { ALL_ARE_LISTED /* now. */ }) }
inline put_first(e, flag) { port_sock = e; several = flag; plain = 0; check() }
inline put_record(set) {
    record = set; star = its_star & (set); plus = its_plus & (set); mark = its_mark & (set); recorded = true; check()
}
inline unlink_first() { port_sock = NONE; several = false; plain = 0; check() }
inline unlink_record() { record = 0; star = 0; plus = 0; mark = 0; recorded = false; check() }

/* What a process has read of the names, and found out. `own`: what it is bound to is 1 left over, 0 gone. */
#define READ int known, alive, dead, gone, its_star, its_plus, its_mark, others; \
    byte first, heir, at, own, numbered; bool dotted, ok, renounces
inline forget() {
    known = 0; alive = 0; dead = 0; gone = 0; its_star = 0; its_plus = 0; its_mark = 0; others = 0;
    first = 0; heir = 0; at = 0; own = 0; numbered = 0; dotted = false; ok = false
}
inline unlock() { if :: lock == me -> lock = NONE; lost = false :: else fi; forget() }
inline close_socket() {
    holders[socket] = holders[socket] - 1;
    holds = false;
    if
    :: holders[socket] == 0 ->
        admitted[socket] = false; there[socket] = false; c_code { note_answers(); }
    :: else
    fi
}
#define OR_KILLED :: atomic { me < SERVERS && kills < most_kills -> \
    kills++; if :: holds -> close_socket() :: else fi; trying[me] = 0; unlock(); rests[me] = true; goto ended }
#define STEP(what) if :: atomic { true -> what } OR_KILLED fi
/* A call that may fail: `ok` tells. */
#define TRY(what) if :: atomic { true -> ok = true; what } \
    :: atomic { me < SERVERS && fails < most_fails -> fails++; ok = false } OR_KILLED fi
inline take() { if :: atomic { lock == NONE -> lock = me; ok = true } \
    :: atomic { me < SERVERS && fails < most_fails -> fails++; ok = false } OR_KILLED fi }

inline ask(e) {
    if
    :: lives(e) -> alive = alive | bit(e)
    :: !lives(e) && file[e] != 0 -> dead = dead | bit(e)
    :: file[e] == 0 -> gone = gone | bit(e)
    fi
}

/*
 * unsock_port_read. The first one's marks are those of its name where the record has not got it, or of its number,
 * which the record has already.
 */
inline read_port() {
    STEP(forget(); first = port_sock; dotted = several; known = (first < ENTRIES -> bit(first) : 0); its_plus = (first < ENTRIES && number(first) != 0 -> bit(first) : 0));
    if
    :: dotted -> STEP(assert(recorded || lock != me);
        its_plus = (its_plus & ~record) | plus; its_star = star; its_mark = mark; known = known | record;
        if
        :: first < ENTRIES && !(record & bit(first)) && !FIRST_FORGETS ->
            if :: star & (255 << address(first)) -> its_star = its_star | bit(first) :: else fi;
            if :: plus & (255 << address(first)) -> its_plus = its_plus | bit(first) :: else fi
        :: else
        fi)
    :: else
    fi
}

#define living (known & ~dead & ~gone)
/* unsock_port_has_record */
#define has_record(set) (((set) & ((set) - 1)) != 0 || ((set) & (its_star | its_plus | its_mark)) != 0)
inline unlink_dead(except) {
    do
    :: atomic { at < ENTRIES ->
        do :: at < ENTRIES && !((dead & bit(at)) && at != except) -> at++ :: else -> break od;
        if :: at < ENTRIES -> unlink(at); at++ :: else fi }
    :: atomic { at >= ENTRIES -> at = 0; break }
    OR_KILLED
    od
}

#define candidates(leaver) (living & ~bit(leaver))
inline find_heir(leaver) {
    heir = NONE;
    do
    :: atomic { heir == NONE && candidates(leaver) != 0 ->
        at = 0;
        do :: !(candidates(leaver) & bit(at)) -> at++ :: else -> break od;
        if :: alive & bit(at) :: else -> ask(at) fi;
        if :: alive & bit(at) -> heir = at :: else fi;
        at = 0 }
    :: atomic { heir != NONE || candidates(leaver) == 0 -> break }
    OR_KILLED
    od
}

/* leave_port (port_leave.c) */
inline leave(leaver) {
    if
    :: first >= ENTRIES || (first != leaver && !((dead | gone) & bit(first))) -> heir = STAYS
    :: else -> find_heir(leaver)
    fi;
    others = candidates(leaver);
    ok = true;
    if
    :: heir < ENTRIES -> TRY(put_first(heir, has_record(others)))
    :: heir == STAYS && dotted && !has_record(others) && first < ENTRIES -> TRY(put_first(first, false))
    :: else
    fi;
    if :: own == 1 -> STEP(unlink(leaver)) :: else fi;
    if :: heir == NONE -> STEP(unlink_first()) :: else fi;
    unlink_dead(leaver);
    if
    :: dotted && !has_record(others) && ok -> STEP(unlink_record())
    :: dotted && has_record(others) && (known & bit(leaver)) -> TRY(put_record(others))
    :: else
    fi
}

/* sweep_port */
inline sweep() {
    read_port();
    sweeps = 0;
    do
    :: sweeps < ENTRIES && !(known & bit(sweeps)) -> sweeps++
    :: sweeps < ENTRIES && (known & bit(sweeps)) ->
        STEP(ask(sweeps));
        if
        :: alive & bit(sweeps)
        :: else -> own = (dead & bit(sweeps) -> 1 : 0); leave(sweeps); read_port()
        fi;
        sweeps++
    :: sweeps >= ENTRIES -> sweeps = 0; break
    od
}

/* unsock_port_leave, settle_end: one that has got a number from others does not know it. */
inline settle_end(e) {
    if
    :: own == 0 && number(e) == 0 && !ONLY_ITS_NAME_IS_LOOKED_FOR -> sweep()
    :: else -> leave(e)
    fi
}
inline leave_by_name(e) {
    read_port();
    if
    :: atomic { lives(e) -> skip }
    :: atomic { !lives(e) -> own = (file[e] != 0 -> 1 : 0) }; settle_end(e)
    OR_KILLED
    fi
}

#include "port_udp_server.pml"
#include "port_udp_client.pml"

inline start(me) {
    where[me] = ((does[me] == 'B' || does[me] == 'b') -> B : ((does[me] == 'W' || does[me] == 'w') -> W : ((does[me] == 'c' || does[me] == 'k') -> K : A)));
    shares_star[me] = (does[me] == 'a' || does[me] == 'b' || does[me] == 'w' || does[me] == 'x');
    shares_plus[me] = (does[me] == 'P');
    if
    :: does[me] == '-' -> rests[me] = true
    :: else -> run server(me)
    fi
}

init {
    atomic {
        c_code {
            for (int i = 0; i < 3; i++) now.does[i] = getenv("KINDS")[i];
            now.most_kills = atoi(getenv("KILLS"));
            now.most_fails = getenv("FAILS") ? atoi(getenv("FAILS")) : 0;
            now.with_client = getenv("CLIENT") != 0;
            now.mutant = getenv("MUTANT") ? atoi(getenv("MUTANT")) : 0;
        };
        start(0);
        start(1);
        start(2);
        if :: with_client -> run client() :: else -> run server(3) fi
    }
}
