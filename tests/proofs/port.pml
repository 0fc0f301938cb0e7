/*
 * The protocol of one port's names, for Spin: who binds, closes, mends and is killed between any two system calls. Each
 * step is one call that others can see; beside it stands the function of c/ that makes it.
 *
 *   KINDS=ABW KILLS=2 pan    three processes, at most two of them killed at any step, and then a last bind of any address
 *   CLIENT=1 MUTANT=5        a client of 127.0.0.1 in the place of that last one; without one of the protocol's rules
 *
 * What a process does, by its letter: it binds A 127.0.0.1, B 127.0.0.2, W 0.0.0.0, D [::] of both families, a and w the
 * first and the third with SO_REUSEPORT, and perhaps closes that; r binds A, shuts its listener down, and so is reserved
 * by another socket and name (unsock_stream_reserve), and perhaps closes that; l does the same with SO_REUSEADDR, and
 * listens again (unsock_port_come_forward), as one that has waited does; z is an A with SO_REUSEADDR, which may be
 * bound beside one that is reserved; f is a child that the first one forked, and closes; s mends what it finds
 * (unsock_port_sweep); p prunes one name; - does nothing. FAILS=1: one call that makes a name, or takes the lock, fails.
 *
 * Left out: plain servers and control files at PORT.sock; links that are made in two steps under the lock (the next
 * process that needs a ".PORT@~" removes an old one); a removal that fails; IPv6's own addresses, which are to each
 * other as these are. A client gives up after eight changes: here it goes on.
 */
#define SERVERS 3
#define SOCKETS 5
#define FRESH 4 /* the socket of the one that is reserved */
#define LAST 3 /* who binds when all others have come to rest; or the client */
#define NONE 15
#define STAYS 14
#define bit(entry) (1 << (entry))
#define is_at_most_one(set) (((set) & ((set) - 1)) == 0)

/* The names .PORT@127.0.0.1, …2, …@0.0.0.0, …@any; from 4 on .PORT@127.0.0.1+1, from 8 on .PORT@0.0.0.0+1. */
#define A 0
#define B 1
#define W 2
#define D 3
#define A1 4
#define W1 8
#define R 12 /* .PORT@127.0.0.1+100 */
#define ENTRIES 13
#define is_numbered(entry) ((entry) >= A1 && (entry) < R)
#define address(entry) ((entry) < A1 -> (entry) : ((entry) < W1 || (entry) == R -> A : W))
#define is_wildcard(entry) (address(entry) == W || address(entry) == D)
#define ON_A (bit(A) | 240 | bit(R))
#define ON_W (bit(W) | 3840)
/* unsock_port_conflict */
#define conflict(x, y) \
    (!(is_numbered(x) && is_numbered(y)) && (is_wildcard(x) || is_wildcard(y) || address(x) == address(y)))

/* The protocol without one of its rules. */
#define CLOSE_WITHOUT_LOCK (mutant == 1)
#define BIND_WITHOUT_LOCK (mutant == 2)
#define FIRST_GOES_BEFORE_HEIR (mutant == 3)
#define RECORD_GOES_FIRST (mutant == 4)
#define HEIR_AFTER_CLOSE (mutant == 5)
#define GONE_IS_REMOVED (mutant == 6)
#define LINK_BEFORE_FILE (mutant == 7)
#define LINK_BEFORE_RECORD (mutant == 8)
#define NEWCOMER_IS_REPLACED (mutant == 9)
#define DEAD_ONE_COUNTS (mutant == 10)
#define LEFT_OVER_TWICE (mutant == 11)
#define RECORD_FORGETS (mutant == 12)
#define ONE_ROUND (mutant == 13)
#define ANY_ADDRESS (mutant == 14)
#define NO_SECOND_LOOK (mutant == 15)
#define REMOVES_WITHOUT_ASKING (mutant == 16)
#define GONE_ONCE_IS_GONE (mutant == 17)
#define NAME_GOES_FIRST (mutant == 18)
#define LISTENS_UNASKED (mutant == 19)
#define MARK_STAYS (mutant == 20)
#define UNLOCKED_REMOVES (mutant == 21)

byte mutant, most_kills, most_fails, with_client, does[SERVERS];

byte file[ENTRIES];           /* the sockets' files: 0 not there, else 1 + the server whose socket was bound to it */
byte port_sock = NONE;        /* PORT.sock: to whom it leads */
bool several;                 /* and its "./" */
bool recorded;                /* .PORT@ is there, */
short record;                 /* and says this, */
bool starred;                 /* with the mark of SO_REUSEADDR at the one that is reserved */
byte lock = NONE;
byte entry[SOCKETS];          /* each server's own name */
byte holders[SOCKETS];        /* processes that have its socket, which has a name; 0: there is none */
bool admitted[SOCKETS];       /* the names tell of it: it is bound, as TCP says it */
bool listens[SOCKETS];
byte renounced = NONE;        /* the file of a living socket that is to have no name any more */
bool rests[SERVERS + 1];      /* it does nothing more */
byte kills, fails;
bool relistens;                 /* the one that was reserved listens: its mark has gone */
bool reuses[SOCKETS];         /* SO_REUSEADDR */
byte trying[SOCKETS];         /* 1: it binds; 2: and somebody living has excluded it */
bool gap;                     /* since the client began there was a moment when nobody answered at its address */
byte throughout;              /* the servers of the very address that have answered ever since, as bits */

#define is_dead(e) (file[e] != 0 && holders[file[e] - 1] == 0)
#define lives(e) (file[e] != 0 && holders[file[e] - 1] > 0)

/* Whom TCP does not let be bound beside others is not. */
#define shares(i, j) (!relistens && (i == FRESH || j == FRESH) && reuses[i] && reuses[j])
#define beside(i) (!admitted[i] || i == me || !conflict(entry[i], entry[me]) || shares(i, me))
inline admit() {
    assert(beside(0) && beside(1) && beside(2) && beside(3) && beside(FRESH));
    admitted[me] = true;
    trying[me] = 0;
    if :: !with_client -> listens[me] = true :: else fi
}

/* The same of the socket that takes the place of what has that port already. */
#define beside_fresh(i) (!admitted[i] || i == me || !conflict(entry[i], R) || shares(i, FRESH))
inline admit_fresh() {
    assert(beside_fresh(0) && beside_fresh(1) && beside_fresh(2) && beside_fresh(3));
    admitted[FRESH] = true
}

/* A living socket's file is never removed. */
inline unlink(e) {
    assert(!lives(e) || e == renounced);
    file[e] = 0;
    if :: e == renounced -> renounced = NONE :: else fi
}

/* Who is bound is found by the names; and plain programs are led to one who lives, unless somebody was killed or a child
 * that has only inherited its socket was the last to close it, which it does without the lock. */
#define listed(i) (!admitted[i] || port_sock == entry[i] || (several && recorded && (record & bit(entry[i]))))
#define any_admitted (admitted[0] || admitted[1] || admitted[2] || admitted[3] || admitted[FRESH])
#define has_child (does[1] == 'f' || does[2] == 'f')
inline check() {
    assert(listed(0) && listed(1) && listed(2) && listed(3) && listed(FRESH));
    assert(!any_admitted || port_sock != NONE);
    assert(!any_admitted || kills > 0 || fails > 0 || has_child || lives(port_sock))
}
inline put_first(e, flag) { port_sock = e; several = flag; check() }
inline put_record(set) { record = set; starred = star && ((set) & bit(R)); recorded = true; check() }
inline unlink_first() { port_sock = NONE; several = false; check() }
inline unlink_record() { record = 0; starred = false; recorded = false; check() }

/* Nobody is refused whom nobody living excludes at any moment. */
#define is_rival(i, j) (i != j && holders[j] > 0 && conflict(entry[i], entry[j]) && !shares(i, j))
#define has_rival(i) (is_rival(i, 0) || is_rival(i, 1) || is_rival(i, 2) || is_rival(i, 3) || is_rival(i, FRESH))
#define tried(i) (trying[i] == 1 && has_rival(i) -> 2 : trying[i])
inline note_rivals() { trying[0] = tried(0); trying[1] = tried(1); trying[2] = tried(2); trying[3] = tried(3) }

#define answers(i) (admitted[i] && listens[i] && (bit(entry[i]) & (ON_A | ON_W | bit(D))))
#define answers_on_a(i) (answers(i) && (bit(entry[i]) & ON_A))
#define answering ((answers_on_a(0) -> 1 : 0) | (answers_on_a(1) -> 2 : 0) | (answers_on_a(2) -> 4 : 0))
inline note_answers() {
    if
    :: with_client -> gap = gap || !(answers(0) || answers(1) || answers(2)); throughout = throughout & answering
    :: else
    fi
}

/* bind(2): the file and the socket that is known by it come in one step (since Linux 5.14). */
inline bind_name() { file[entry[me]] = me + 1; holders[me] = 1; holds = true; note_rivals() }

/* close(2), also that by the kernel. `socket` is the server whose socket it is. */
inline close_socket() {
    holders[socket] = holders[socket] - 1;
    holds = false;
    if :: holders[socket] == 0 -> admitted[socket] = false; listens[socket] = false; note_answers() :: else fi
}

inline close_fresh() { holders[FRESH] = 0; admitted[FRESH] = false; fresh = false }

/* What a process has read of the names, and found out. `own`: what it is bound to is 1 left over, 0 gone. */
#define READ short known, alive, dead, gone, others; byte first, heir, at, own; bool dotted, star, ok
inline forget() {
    known = 0; alive = 0; dead = 0; gone = 0; others = 0; first = 0; heir = 0; at = 0; own = 0; dotted = false;
    star = false; ok = false
}
inline unlock() { if :: lock == me -> lock = NONE :: else fi; forget() }

#define OR_KILLED :: atomic { me < SERVERS && kills < most_kills -> \
    kills++; if :: holds -> close_socket() :: else fi; if :: fresh -> close_fresh() :: else fi; trying[me] = 0; unlock(); rests[me] = true; goto ended }
#define STEP(what) if :: atomic { true -> what } OR_KILLED fi

/* A call that may fail: `ok` tells. */
#define may_fail (me < SERVERS && fails < most_fails)
#define TRY(what) if :: atomic { true -> ok = true; what } :: atomic { may_fail -> fails++; ok = false } OR_KILLED fi
inline take() {
    if :: atomic { lock == NONE -> lock = me; ok = true } :: atomic { may_fail -> fails++; ok = false } OR_KILLED fi
}

/* unsock_port_ask, unsock_socketfile_life: the last of its calls decides. */
inline ask(e) {
    if
    :: lives(e) -> alive = alive | bit(e)
    :: !lives(e) && file[e] != 0 -> dead = dead | bit(e)
    :: file[e] == 0 -> gone = gone | bit(e)
    fi
}

/* unsock_port_read: unsock_port_look, and read_record where "./" says that there is one. */
inline read_port() {
    STEP(forget(); first = port_sock; dotted = several; known = (first == NONE -> 0 : bit(first)));
    if :: dotted -> STEP(assert(recorded || lock != me); known = known | record; star = starred) :: else fi
}

#define is_left(e, except) (((dead | (GONE_IS_REMOVED -> gone : 0)) & bit(e)) && e != except)
inline unlink_dead(except) {
    do
    :: atomic { at < ENTRIES ->
        do :: at < ENTRIES && !is_left(at, except) -> at++ :: else -> break od;
        if :: at < ENTRIES -> unlink(at); at++ :: else fi }
    :: atomic { at >= ENTRIES -> at = 0; break }
    OR_KILLED
    od
}

/* find_heir: any of those that live, as the record may have them in any order. */
#define candidates(leaver) (known & ~dead & ~gone & ~bit(leaver))
#define may(e, leaver) (candidates(leaver) & bit(e))
inline find_heir(leaver) {
    heir = NONE;
    do
    :: atomic { heir == NONE && candidates(leaver) != 0 ->
        if
        :: may(0, leaver) -> at = 0
        :: may(1, leaver) -> at = 1
        :: may(2, leaver) -> at = 2
        :: may(3, leaver) -> at = 3
        :: may(4, leaver) -> at = 4
        :: may(5, leaver) -> at = 5
        :: may(6, leaver) -> at = 6
        :: may(7, leaver) -> at = 7
        :: may(8, leaver) -> at = 8
        :: may(9, leaver) -> at = 9
        :: may(10, leaver) -> at = 10
        :: may(11, leaver) -> at = 11
        :: may(R, leaver) -> at = R
        fi;
        if :: alive & bit(at) :: else -> ask(at) fi;
        if :: alive & bit(at) -> heir = at :: else fi;
        at = 0 }
    :: atomic { heir != NONE || candidates(leaver) == 0 -> break }
    OR_KILLED
    od
}

/* unsock_port_has_record */
#define lacks_record(set) (is_at_most_one(set) && !(star && ((set) & bit(R))))
/* leave_port (port_leave.c) */
inline leave(leaver) {
    if
    :: first == NONE || (first != leaver && !((dead | gone) & bit(first))) -> heir = STAYS
    :: else -> find_heir(leaver)
    fi;
    others = candidates(leaver);
    ok = true;
    if :: RECORD_GOES_FIRST && dotted && lacks_record(others) -> STEP(unlink_record()) :: else fi;
    if
    :: heir < ENTRIES -> TRY(put_first(heir, !lacks_record(others)))
    :: heir == STAYS && dotted && others != 0 && lacks_record(others) -> TRY(put_first(first, false))
    :: else
    fi;
    if :: own == 1 -> STEP(unlink(leaver)) :: else fi;
    if :: heir == NONE -> STEP(unlink_first()) :: else fi;
    unlink_dead(leaver);
    if
    :: dotted && lacks_record(others) && ok -> STEP(unlink_record())
    :: dotted && !lacks_record(others) && (known & bit(leaver)) -> TRY(put_record(others))
    :: else
    fi
}

/* unsock_port_leave */
inline it_is(e) { sweeps = e; was = (file[e] != 0 -> 1 : 0) }
inline leave_by_name() {
    read_port();
    if
    :: was == 1 || GONE_ONCE_IS_GONE -> own = was; leave(sweeps)
    :: else -> /* its name may have become a newcomer's, and PORT.sock his, before that was read */
        if
        :: atomic { lives(sweeps) -> skip }
        :: atomic { !lives(sweeps) -> own = (file[sweeps] != 0 -> 1 : 0) }; leave(sweeps)
        OR_KILLED
        fi
    fi;
    sweeps = 0;
    was = 0
}

/* sweep (port_leave.c), with the lock: all that have ended leave. */
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

#include "port_server.pml"
#include "port_client.pml"

#define name_of(letter) (letter == 'A' || letter == 'r' || letter == 'l' || letter == 'z' -> A : (letter == 'B' -> B : (letter == 'W' -> W : (letter == 'D' -> D : (letter == 'a' -> A1 : W1)))))
inline start(me) {
    entry[me] = name_of(does[me]);
    reuses[me] = (does[me] == 'z' || does[me] == 'l');
    reuses[FRESH] = reuses[FRESH] || does[me] == 'l';
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
        entry[FRESH] = R;
        start(0);
        start(1);
        start(2);
        if :: with_client -> run client() :: else -> run server(3) fi
    }
}
