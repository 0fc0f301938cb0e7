/* Shared by the probes of random calls: numbers that are the same everywhere, and lines with call and slot. */
#ifndef PROBE_RANDOM_H
#define PROBE_RANDOM_H

#include "probe.h"

static uint64_t random_state;

/* Which call of the sequence is being made. */
static int step;

static inline void random_start(const char *seed) {
    random_state = strtoull(seed, NULL, 10) * 0x9e3779b97f4a7c15u + 1;
}

/* xorshift64. */
static inline unsigned roll(unsigned below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % below);
}

static inline void say(const char *call, int slot, const char *result) {
    char label[64];
    snprintf(label, sizeof label, "%d %s(%d)", step, call, slot);
    fact(label, "%s", result);
}

#endif
