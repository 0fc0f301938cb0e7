/* The shortest program there is that is loaded like any other: what is measured is the loading. */
int main(void) {
    return 0;
}
