/* Descriptors that are closed and whose numbers are taken by files, while the socket that they had lives on. */
#include "probe.h"

#include <sys/resource.h>

/* A file that has just the number that is free. */
static int open_file(int number) {
    char name[] = "/tmp/descriptor_reuse-XXXXXX";
    int fd = CHECK(mkstemp(name));
    CHECK(unlink(name));
    fact_yes("the file has the number", fd == number);
    return fd;
}

static long size_of(int fd) {
    return (long)CHECK(lseek(fd, 0, SEEK_END));
}

/* The number of a closed duplicate is a file's when the first descriptor is connected. */
static void duplicate_closed(int server) {
    char bytes[16];
    int first = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    int number = CHECK(dup(first));
    CHECK(close(number));
    int file = open_file(number);
    fact_call("connect", connect_to(first, "127.0.0.1", own_port(server)));
    fact_number("write to the file", write(file, "precious", 8));
    fact_number("size of the file", size_of(file));
    int accepted = CHECK(accept(server, NULL, NULL));
    fact_number("the server reads", recv(accepted, bytes, sizeof bytes, MSG_DONTWAIT));
    close(accepted);
    close(file);
    close(first);
}

/* The same for bind, and for datagrams. */
static void duplicate_of_receiver_closed(void) {
    int first = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    int number = CHECK(dup(first));
    CHECK(close(number));
    int file = open_file(number);
    address any = ip("127.0.0.1", 0);
    fact_call("bind", bind(first, &any.any, any.length));
    fact_number("write to the file", write(file, "precious", 8));
    fact_number("size of the file", size_of(file));
    close(file);
    close(first);
}

static void fill_table(void) {
    while (dup(0) >= 0) {
    }
}

/* A full table of descriptors. The limit stays what the program set. */
static void table_full(int server) {
    struct rlimit limit = {64, 4096};
    address to = name_of(bound("127.0.0.1", 0, SOCK_DGRAM));
    int client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    int own = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    int asker = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address any = ip("127.0.0.1", 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit));
    fill_table();
    fact_call("connect, table full", connect_to(client, "127.0.0.1", own_port(server)));
    fact_call("bind, table full", bind(own, &any.any, any.length));
    fact_call("listen, table full", listen(own, 1));
    fact_call("sendto, table full", sendto(asker, "x", 1, 0, &to.any, to.length));
    fact_number("dup, table full", dup(0));
    CHECK(getrlimit(RLIMIT_NOFILE, &limit));
    fact("limit", "%lu", (unsigned long)limit.rlim_cur);
    fact_call("close, table full", close(own));
}

int main(void) {
    probe_start();
    int server = listening("127.0.0.1", 0);
    duplicate_closed(server);
    duplicate_of_receiver_closed();
    table_full(server);
}
