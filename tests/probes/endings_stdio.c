/* Writing by libc's own streams after the peer's end, and dprintf of any length. */
#include "endings.h"

#define LONG_MOST 9000

enum way { FLUSHED, UNBUFFERED, BY_LINES, LARGE, AT_CLOSE, WAYS };

static const char *const way_names[WAYS] = {"fprintf and fflush", "fputs, unbuffered", "fprintf, by lines",
                                            "fwrite of much", "fprintf and fclose"};

static void tell(const char *story, const char *what, bool good) {
    char name[160];
    snprintf(name, sizeof name, "%s: %s", story, what);
    fact(name, "%s, %d signals", good ? "good" : errno_name(errno), (int)pipes);
    pipes = 0;
}

static bool put(FILE *stream, enum way way) {
    static char much[LONG_MOST];
    switch (way) {
    case UNBUFFERED:
        return fputs("hello", stream) != EOF;
    case BY_LINES:
        return fprintf(stream, "hello\n") >= 0;
    case LARGE:
        return fwrite(much, 1, sizeof much, stream) == sizeof much;
    default:
        return fprintf(stream, "hello") >= 0 && fflush(stream) == 0;
    }
}

static void by_stream(enum end end, enum way way, bool accepted) {
    char story[100];
    struct pair pair = make_pair(accepted);
    FILE *stream = fdopen(CHECK(dup(pair.fd)), "w");
    if (stream == NULL)
        die("fdopen");
    setvbuf(stream, NULL, way == UNBUFFERED ? _IONBF : way == BY_LINES ? _IOLBF : _IOFBF, BUFSIZ);
    snprintf(story, sizeof story, "%s, %s%s", end_names[end], way_names[way], accepted ? ", accepted" : "");
    peer_ends(&pair, end);
    if (way == AT_CLOSE) {
        fprintf(stream, "hello");
        tell(story, "closed", fclose(stream) == 0);
    } else {
        bool lost = put(stream, way);
        tell(story, "first", lost);
        /* Over TCP the answer to what was written comes a moment later. */
        if (lost && end == CLOSED)
            ready(pair.fd, 0, 2000);
        tell(story, "second", put(stream, way));
        fclose(stream);
    }
    drop_pair(&pair);
    pipes = 0;
}

/* Longer ones libc writes in pieces: over TCP the first is lost, and the second one may fail, or not yet. */
static void printed(size_t length, bool accepted) {
    static char text[LONG_MOST], got[LONG_MOST + 1];
    char story[100];
    struct pair pair = make_pair(accepted);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + i % 26);
    text[length] = '\0';
    snprintf(story, sizeof story, "dprintf of %zu", length + 1);
    fact_number(story, dprintf(pair.fd, "%s%c", text, '!'));
    size_t at = 0;
    while (at <= length && ready(pair.peer, POLLIN, 5000) != 0)
        at += (size_t)CHECK(recv(pair.peer, got + at, sizeof got - at, 0));
    fact_yes(story, at == length + 1 && memcmp(got, text, length) == 0 && got[length] == '!');
    peer_ends(&pair, CLOSED);
    if (length < 2048) {
        tell(story, "first after the end", dprintf(pair.fd, "%s%c", text, '!') == (int)length + 1);
        ready(pair.fd, 0, 2000);
        tell(story, "second", dprintf(pair.fd, "%s%c", text, '!') == (int)length + 1);
    }
    drop_pair(&pair);
}

int main(int count, char **words) {
    (void)words; /* any says that dprintf is left out */
    probe_start();
    count_pipes();
    for (int way = 0; way < WAYS; way++) {
        by_stream(CLOSED, (enum way)way, false);
        by_stream(CLOSED, (enum way)way, true);
        by_stream(SHUT_WRITE, (enum way)way, false);
    }
    if (count == 1)
        for (size_t length = 2046; length <= 2048; length++)
            printed(length, false);
    if (count == 1)
        printed(5000, true);
    return 0;
}
