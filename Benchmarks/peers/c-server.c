// The ceiling: libmicrohttpd in C, which answers every request with the content of a file. usage: c-server PORT FILE
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct MHD_Response *response;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **slot) {
    if (*slot == NULL) return *slot = response, MHD_YES;
    if (*size > 0) return *size = 0, MHD_YES;
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

int main(int count, char **arguments) {
    static char body[1 << 20];
    FILE *file = count == 3 ? fopen(arguments[2], "rb") : NULL;
    if (file == NULL) return 64;
    response = MHD_create_response_from_buffer(fread(body, 1, sizeof body, file), body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "application/json");
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(arguments[1]), NULL, NULL,
                                                 answer, NULL, MHD_OPTION_END);
    if (daemon == NULL) return 69;
    pause();
}
