/* A part of port.pml: what a client does. */

/* unsock_port_go, of a client of 127.0.0.1. */
#define fitting(set) (set & (ON_A | ON_W | bit(D)))
#define best(set) (set & ON_A -> set & ON_A : (set & ON_W -> set & ON_W : set & bit(D)))
#define is_best(e) (best(left) & bit(e))
inline connect(e) {
    if
    :: lives(e) && listens[file[e] - 1] ->
        assert(fitting(bit(e)));
        assert((bit(e) & ON_A) || throughout == 0); /* who has the very address comes first */
        goto reached
    :: else
    fi
}
inline go_through() {
    left = (ANY_ADDRESS -> seen : fitting(seen));
    do
    :: atomic { is_best(0) -> left = left & ~bit(0); connect(0) }
    :: atomic { left & bit(1) -> left = left & ~bit(1); connect(1) }
    :: atomic { is_best(2) -> left = left & ~bit(2); connect(2) }
    :: atomic { is_best(3) -> left = left & ~bit(3); connect(3) }
    :: atomic { is_best(4) -> left = left & ~bit(4); connect(4) }
    :: atomic { is_best(5) -> left = left & ~bit(5); connect(5) }
    :: atomic { is_best(6) -> left = left & ~bit(6); connect(6) }
    :: atomic { is_best(8) -> left = left & ~bit(8); connect(8) }
    :: atomic { is_best(9) -> left = left & ~bit(9); connect(9) }
    :: atomic { is_best(10) -> left = left & ~bit(10); connect(10) }
    :: atomic { is_best(R) -> left = left & ~bit(R); connect(R) }
    :: left == 0 -> break
    od
}
proctype client() {
    READ; byte sweeps, was, socket = LAST, me = LAST; bool holds, fresh;
    byte seen_first; bool seen_dotted, twice, same; short seen, left;
    atomic { true -> gap = !(answers(0) || answers(1) || answers(2)); throughout = answering };
    if /* what worked at the last time, unsock_known_port */
    :: atomic { true -> connect(A) }
    :: atomic { true -> connect(W) }
    :: atomic { true -> connect(D) }
    :: true
    fi;
    read_port(); /* go_by_names */
    do
    :: true ->
        seen_first = first; seen_dotted = dotted; seen = known;
        go_through();
        if :: seen_first == NONE || (fitting(seen) == 0 && !seen_dotted) || NO_SECOND_LOOK -> goto refused :: else fi;
        read_port();
        same = (first == seen_first && dotted == seen_dotted && known == seen);
        if
        :: same && (!seen_dotted || twice || ONE_ROUND) -> goto refused
        :: same && !(!seen_dotted || twice || ONE_ROUND) -> take(); sweep(); STEP(unlock()); first = seen_first; dotted = seen_dotted; known = seen
        :: else
        fi;
        twice = true; same = false
    od;
refused:
    assert(gap);
reached:
ended:
    skip
}
