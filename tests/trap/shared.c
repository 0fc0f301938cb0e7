/* A C program whose sockets are those of a library in Go: it makes its system calls itself. */
extern void RunExchanges(void);

int main(void) {
    RunExchanges();
    return 0;
}
