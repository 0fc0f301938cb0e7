/* A part of port.pml: what a server does, a child that it has forked, and who mends. */

/* bind_first_free_name (files/bind.c), with the lock: to the first free number; what is left over at the name goes. */
#define is_taken (is_numbered(entry[me]) && (known & ~dead & ~gone & bit(entry[me])))
inline bind_own() {
    do
    :: holds -> break
    :: !holds && is_taken -> entry[me] = entry[me] + 1
    :: !holds && !is_taken ->
        if
        :: atomic { file[entry[me]] == 0 -> bind_name() }
        :: atomic { may_fail -> fails++; goto failed }
        :: atomic { file[entry[me]] != 0 -> skip };
            if
            :: atomic { lives(entry[me]) && !is_numbered(entry[me]) -> goto refused }
            :: atomic { lives(entry[me]) && is_numbered(entry[me]) -> entry[me] = entry[me] + 1 }
            :: atomic { !lives(entry[me]) && file[entry[me]] != 0 -> skip };
                STEP(unlink(entry[me]); if :: LEFT_OVER_TWICE :: else -> dead = dead & ~bit(entry[me]); gone = gone | (known & bit(entry[me])) fi)
            :: atomic { file[entry[me]] == 0 -> skip }
            OR_KILLED
            fi
        OR_KILLED
        fi
    od
}

/* unsock_remove_file_force: the old socket lives still, so that nobody else can have its name. */
inline give_name_up() {
    take();
    if
    :: ok ->
        read_port();
        STEP(renounced = entry[me]; if :: NAME_GOES_FIRST :: else -> admitted[me] = false; note_answers() fi);
        own = 1;
        leave(entry[me])
    :: else -> admitted[me] = false
    fi;
    STEP(unlock())
}

/* Those that exclude the one that is reserved, asked; `refuse`: one lives. */
inline ask_beside_fresh() {
    refuse = false;
    do
    :: atomic { at < ENTRIES ->
        do
        :: at < ENTRIES && !((known & bit(at)) && at != entry[me] && (at == first || conflict(at, R)) && !(gone & bit(at))) -> at++
        :: else -> break
        od;
        if :: at < ENTRIES -> ask(at); refuse = refuse || ((alive & bit(at)) && conflict(at, R)); at++ :: else fi }
    :: atomic { at >= ENTRIES -> at = 0; break }
    OR_KILLED
    od
}

/* unsock_stream_reserve and unsock_listener_end: the new socket has a name before the old one's goes. */
inline reserve() {
    if :: NAME_GOES_FIRST -> give_name_up() :: else fi;
    TRY(file[R] = FRESH + 1; holders[FRESH] = 1; fresh = true; note_rivals());
    if :: !ok -> give_name_up(); STEP(close_socket()); goto over :: else fi;
    take();
    if :: !ok -> goto unreserved :: else fi;
    read_port();
    ask_beside_fresh(); /* decide: the old one does not exclude the new one */
    assert(!refuse);
    others = known & ~dead & ~gone; /* join */
    star = reuses[FRESH];
    if
    :: dotted && first != entry[me] && (others & bit(first)) -> TRY(admit_fresh(); put_record(others | bit(R)))
    :: else -> TRY(put_record(others | bit(R)))
    fi;
    if :: !ok -> goto unreserved :: else fi;
    if
    :: first == entry[me] || !(others & bit(first)) -> TRY(admit_fresh(); put_first(R, true))
    :: else -> if :: !dotted -> TRY(admit_fresh(); put_first(first, true)) :: else fi
    fi;
    if :: !ok -> goto unreserved :: else fi;
    unlink_dead(R);
    STEP(unlock());
    if :: NAME_GOES_FIRST :: else -> give_name_up() fi;
    STEP(close_socket(); entry[me] = R; socket = FRESH; holds = true; fresh = false; check())
}

/* Its mark goes: those that it let be bound beside it have a rival from now on. */
inline listen_alone() { relistens = true; note_rivals() }

/* unsock_port_come_forward: others may have been bound beside it. */
inline listen_again() {
    take();
    if :: !ok -> goto bound_reserved :: else fi;
    read_port();
    gone = gone | (known & bit(R));
    ask_beside_fresh();
    if :: refuse && !LISTENS_UNASKED -> STEP(unlock()); goto bound_reserved :: else fi;
    others = known & ~dead & ~gone;
    star = MARK_STAYS;
    if
    :: others != 0 -> TRY(listen_alone(); put_record(others | bit(R)))
    :: else -> ok = true
    fi;
    if :: !ok -> STEP(unlock()); goto bound_reserved :: else fi;
    if
    :: first == NONE || first == R || !(others & bit(first)) -> TRY(listen_alone(); put_first(R, others != 0))
    :: else -> if :: !dotted -> TRY(put_first(first, true)) :: else fi
    fi;
    if :: !ok -> STEP(unlock()); goto bound_reserved :: else fi;
    if :: dotted && others == 0 -> STEP(unlink_record()) :: else fi;
    unlink_dead(R);
    STEP(unlock());
    STEP(listens[FRESH] = true; assert(with_client || beside_fresh(1) && beside_fresh(2)); note_answers())
}

/* unsock_port_bind, and perhaps the close of what it has bound. */
proctype server(byte me) {
    READ; byte sweeps, was, socket = me; bool holds, fresh, refuse;
    if
    :: me == LAST -> atomic { rests[0] && rests[1] && rests[2] ->
        if
        :: entry[me] = A
        :: entry[me] = B
        :: entry[me] = W
        :: entry[me] = D
        :: entry[me] = A1
        :: entry[me] = W1
        fi }
    :: else
    fi;
    if
    :: me != LAST && does[me] == 'f' -> goto child
    :: me != LAST && (does[me] == 's' || does[me] == 'p') -> goto mending
    :: else
    fi;
    atomic { true -> trying[me] = 1; note_rivals() };
    if :: LINK_BEFORE_FILE && port_sock == NONE -> STEP(put_first(entry[me], false)) :: else fi;
    if /* bind_free */
    :: atomic { may_fail -> fails++; goto failed }
    :: atomic { file[entry[me]] == 0 -> bind_name() };
        if /* unsock_port_put_first */
        :: atomic { may_fail -> fails++; goto failed }
        :: atomic { port_sock == NONE || (LINK_BEFORE_FILE && port_sock == entry[me]) -> admit(); put_first(entry[me], false) }; goto bound
        :: atomic { port_sock != NONE && !(LINK_BEFORE_FILE && port_sock == entry[me]) -> skip }
        OR_KILLED
        fi
    :: atomic { file[entry[me]] != 0 -> skip }
    OR_KILLED
    fi;
    ok = true;
    if :: BIND_WITHOUT_LOCK :: else -> take() fi; /* bind_somebodys */
    if :: !ok -> goto failed :: else fi;
again:
    read_port();
    do /* decide, unsock_port_decide_bind: those are asked that exclude it, and the first */
    :: atomic { at < ENTRIES ->
        do
        :: at < ENTRIES && !((known & bit(at)) && (at == first || conflict(at, entry[me])) && !(holds && at == entry[me])) -> at++
        :: else -> break
        od;
        if
        :: at >= ENTRIES
        :: else ->
            ask(at);
            if :: DEAD_ONE_COUNTS -> alive = alive | dead; dead = 0 :: else fi;
            if
            :: (alive & bit(at)) && conflict(at, entry[me]) && !(at == R && star && reuses[me]) -> goto refused
            :: else
            fi;
            at++
        fi }
    :: atomic { at >= ENTRIES -> at = 0; break }
    OR_KILLED
    od;
    bind_own();
    /* join: an older one of this name is over. */
    atomic { gone = gone | (known & bit(entry[me])); dead = dead & ~gone; others = known & ~dead & ~gone };
#define beside_reserved (first == R && star && reuses[me])
    if
    :: LINK_BEFORE_RECORD && others != 0 && !dotted && (others & bit(first)) -> STEP(put_first(first, true))
    :: else
    fi;
    if
    :: others != 0 && dotted && (others & bit(first)) && !beside_reserved ->
        if :: RECORD_FORGETS -> others = bit(first) :: else fi;
        TRY(admit(); put_record(others | bit(entry[me])))
    :: others != 0 && (!(dotted && (others & bit(first))) || beside_reserved) -> TRY(put_record(others | bit(entry[me])))
    :: else -> ok = true
    fi;
    if :: !ok -> goto failed :: else fi;
    if
    :: first == NONE ->
        if
        :: atomic { port_sock == NONE || NEWCOMER_IS_REPLACED -> admit(); put_first(entry[me], false) }
        :: atomic { port_sock != NONE && !NEWCOMER_IS_REPLACED -> skip }; goto again
        :: atomic { may_fail -> fails++; goto failed }
        OR_KILLED
        fi
    :: first != NONE && (!(others & bit(first)) || beside_reserved) -> TRY(admit(); put_first(entry[me], others != 0))
    :: first != NONE && (others & bit(first)) && !dotted && !beside_reserved -> TRY(admit(); put_first(first, true))
    :: else
    fi;
    if :: !ok -> goto failed :: else fi;
    if :: dotted && others == 0 -> STEP(unlink_record()) :: else fi;
    unlink_dead(entry[me]);
    STEP(unlock());
bound:
    if :: with_client -> STEP(listens[me] = true; note_answers()) :: else fi;
    if
    :: me != LAST && does[me] == 'r' -> reserve()
    :: me != LAST && does[me] == 'l' -> reserve(); listen_again()
    :: else
    fi;
bound_reserved:
    if
    :: goto closing
    :: true
    OR_KILLED
    fi;
    rests[me] = true;
end_bound:
    if OR_KILLED fi;
unreserved: /* reserve_port: the stream keeps its address alone */
    STEP(close_fresh(); file[R] = 0);
    STEP(unlock());
    give_name_up();
    STEP(close_socket());
    goto over;
failed: /* give_name_up: that needs no lock, as nobody else takes a living one's */
    STEP(trying[me] = 0; admitted[me] = false; if :: holds -> holders[me] = 0; holds = false; file[entry[me]] = 0 :: else fi);
    STEP(unlock());
    goto over;
refused:
    atomic { assert(trying[me] == 2 || fails > 0); trying[me] = 0 };
    if :: holds -> STEP(holders[me] = 0; holds = false; unlink(entry[me])) :: else fi;
    STEP(unlock());
    goto over;
closing: /* close_locked (release.c) */
    if :: CLOSE_WITHOUT_LOCK -> STEP(close_socket(); check()) :: else fi;
    ok = true;
    take();
    if
    :: !ok -> /* kept for later: the next close looks again, or it ends before */
        STEP(close_socket(); check());
        if :: UNLOCKED_REMOVES -> STEP(file[entry[me]] = 0; if :: port_sock == entry[me] -> unlink_first() :: else fi) :: else fi;
        if
        :: true -> goto over
        :: atomic { !lives(entry[me]) -> skip };
            take();
            if
            :: !ok
            :: atomic { ok && lives(entry[me]) -> skip }
            :: atomic { ok && !lives(entry[me]) -> it_is(entry[me]) }; leave_by_name()
            fi;
            STEP(unlock());
            goto over
        :: atomic { lives(entry[me]) -> goto over }
        fi
    :: else
    fi;
    read_port();
    if /* unsock_port_hand_on */
    :: dotted && first == entry[me] && !HEIR_AFTER_CLOSE ->
        find_heir(entry[me]);
        if
        :: heir < ENTRIES ->
            if :: FIRST_GOES_BEFORE_HEIR -> STEP(unlink_first()) :: else fi;
            TRY(put_first(heir, true); first = heir)
        :: else
        fi
    :: else
    fi;
    if :: CLOSE_WITHOUT_LOCK :: else -> STEP(close_socket(); check()) fi;
    if /* unsock_socketfile_life_at_rest, unsock_port_handed_on */
    :: atomic { lives(entry[me]) && !REMOVES_WITHOUT_ASKING -> skip }
    :: atomic { !lives(entry[me]) || REMOVES_WITHOUT_ASKING -> own = (file[entry[me]] != 0 -> 1 : 0) }; leave(entry[me])
    OR_KILLED
    fi;
    STEP(unlock());
    goto over;
child: /* its parent is the first, while that has its socket */
    if
    :: atomic { admitted[0] && holders[0] == 1 -> holders[0] = 2; socket = 0; holds = true }
    :: atomic { rests[0] -> goto over }
    fi;
    STEP(close_socket(); check()); /* unsock_release_file_closing, unsock_remove_file_try: asked without the lock, and with it */
    if
    :: atomic { lives(entry[0]) -> goto over }
    :: atomic { !lives(entry[0]) -> skip }
    OR_KILLED
    fi;
    take();
    if
    :: !ok
    :: atomic { ok && lives(entry[0]) -> skip }
    :: atomic { ok && !lives(entry[0]) -> it_is(entry[0]) }; leave_by_name()
    OR_KILLED
    fi;
    STEP(unlock());
    goto over;
mending:
    take();
    if
    :: !ok
    :: ok && does[me] == 's' -> sweep()
    :: ok && does[me] == 'p' -> /* prune_port: the record of none, PORT.sock, or a file that is left over */
        if
        :: atomic { port_sock == NONE || !several -> unlink_record() }
        :: atomic { true -> skip }
        :: atomic { port_sock != NONE && !lives(port_sock) -> it_is(port_sock) }; leave_by_name()
        :: atomic { is_dead(0) -> it_is(0) }; leave_by_name()
        :: atomic { is_dead(1) -> it_is(1) }; leave_by_name()
        :: atomic { is_dead(2) -> it_is(2) }; leave_by_name()
        :: atomic { is_dead(4) -> it_is(4) }; leave_by_name()
        :: atomic { is_dead(5) -> it_is(5) }; leave_by_name()
        :: atomic { is_dead(6) -> it_is(6) }; leave_by_name()
        :: atomic { is_dead(R) -> it_is(R) }; leave_by_name()
        OR_KILLED
        fi
    fi;
    STEP(unlock());
over:
    rests[me] = true;
ended:
    skip
}
