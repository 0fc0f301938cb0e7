/* The shortest program that is loaded like any other, to measure the loading alone. */
int main(void) {
    return 0;
}
