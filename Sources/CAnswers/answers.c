#define _GNU_SOURCE
#include "answers.h"

#include <dlfcn.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stddef.h>

typedef enum MHD_Result (*queue_function)(struct MHD_Connection *, unsigned int, struct MHD_Response *);

static queue_function library_queue;
static _Atomic(flow_refusal_handler) refusal_handler;

// Before any thread runs, so that the pointer needs no order.
__attribute__((constructor)) static void find_library(void) {
    library_queue = (queue_function)dlsym(RTLD_NEXT, "MHD_queue_response");
}

void flow_set_refusal_handler(flow_refusal_handler handler) { atomic_store(&refusal_handler, handler); }

bool flow_can_queue(void) { return library_queue != NULL; }

bool flow_queue_response(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response) {
    return library_queue != NULL && library_queue(connection, status, response) == MHD_YES;
}

enum MHD_Result MHD_queue_response(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response) {
    if (library_queue == NULL) return MHD_NO;
    flow_refusal_handler handler = atomic_load(&refusal_handler);
    struct MHD_Response *instead = handler != NULL ? handler(connection, status) : NULL;
    if (instead == NULL) return library_queue(connection, status, response);
    enum MHD_Result result = library_queue(connection, status, instead);
    MHD_destroy_response(instead);
    return result;
}
