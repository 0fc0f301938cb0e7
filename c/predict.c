/* A saturating counter over the connects of this process, as branch predictors have. */
#include "predict.h"

#include "settings.h"

#define MOST 4
#define LOCAL_FROM 2

static int score;

/* Every address of the family is covered, and so are all ports: there is nothing to predict. */
static bool covers_all(int domain) {
    for (unsigned i = 0; i < unsock_settings.address_count; i++) {
        const struct unsock_prefix *prefix = &unsock_settings.addresses[i];
        if (prefix->ip.family == domain && prefix->bits == 0)
            return unsock_settings.port_count == 0;
    }
    return false;
}

bool unsock_predict_local(int domain) {
    if (domain != AF_INET && domain != AF_INET6)
        return false;
    return __atomic_load_n(&score, __ATOMIC_RELAXED) >= LOCAL_FROM || covers_all(domain);
}

void unsock_predict_was_local(void) {
    int seen = __atomic_load_n(&score, __ATOMIC_RELAXED);
    if (seen < MOST)
        __atomic_store_n(&score, seen + 1, __ATOMIC_RELAXED);
}

void unsock_predict_was_ip(void) {
    int seen = __atomic_load_n(&score, __ATOMIC_RELAXED);
    if (seen > 0)
        __atomic_store_n(&score, seen > 2 ? seen - 2 : 0, __ATOMIC_RELAXED);
}
