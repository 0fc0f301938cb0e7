/* Three datagram sockets that connect to each other in turn: a connected socket receives from its peer and no other.
 */
#include "probe.h"

static void told(const char *story, const char *name, int from, int to, char word) {
    char line[80], heard = '-';
    snprintf(line, sizeof line, "%s: %s", story, name);
    long sent = send(from, &word, 1, 0);
    fact(line, "%s, heard %c", sent == 1 ? "ok" : errno_name(errno),
         ready(to, POLLIN, 200) == POLLIN && recv(to, &heard, 1, 0) == 1 ? heard : '-');
}

struct three {
    int a, b, c;
};

/* The first one is connected to the second, and both others to it. */
static struct three make_three(void) {
    struct three all = {bound("127.0.0.1", 0, SOCK_DGRAM), bound("127.0.0.1", 0, SOCK_DGRAM),
                        bound("127.0.0.1", 0, SOCK_DGRAM)};
    CHECK(connect_to(all.a, "127.0.0.1", own_port(all.b)));
    CHECK(connect_to(all.b, "127.0.0.1", own_port(all.a)));
    CHECK(connect_to(all.c, "127.0.0.1", own_port(all.a)));
    return all;
}

static void drop_three(const struct three *all) {
    close(all->a);
    close(all->b);
    close(all->c);
}

static void in_turn(const char *story, bool it_sends_first) {
    struct three all = make_three();
    told(story, "to the one", all.a, all.b, '1');
    CHECK(connect_to(all.a, "127.0.0.1", own_port(all.c)));
    if (it_sends_first)
        told(story, "to the other", all.a, all.c, '2');
    told(story, "from the other", all.c, all.a, '3');
    told(story, "to the other again", all.a, all.c, '4');
    CHECK(connect_to(all.a, "127.0.0.1", own_port(all.b)));
    if (it_sends_first)
        told(story, "back to the one", all.a, all.b, '5');
    told(story, "from the one", all.b, all.a, '6');
    drop_three(&all);
}

/* It is connected to the second one, and sends to the third by address. */
static void by_address(void) {
    struct three all = make_three();
    address to = name_of(all.c);
    char heard = '-';
    fact_call("by address", sendto(all.a, "7", 1, 0, &to.any, to.length));
    fact("by address: heard", "%c",
         ready(all.c, POLLIN, 200) == POLLIN && recv(all.c, &heard, 1, 0) == 1 ? heard : '-');
    drop_three(&all);
}

int main(void) {
    probe_start();
    in_turn("it sends first", true);
    in_turn("the other sends first", false);
    by_address();
    return 0;
}
