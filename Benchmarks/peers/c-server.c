// The ceiling: libmicrohttpd in C, which answers every request with the content of a file, and those for /capabilities with
// that of another one, if there is one. usage: c-server PORT FILE [FILE]
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct MHD_Response *response, *capabilities;

static struct MHD_Response *content(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) exit(66);
    static char body[1 << 20];
    struct MHD_Response *made =
        MHD_create_response_from_buffer(fread(body, 1, sizeof body, file), body, MHD_RESPMEM_MUST_COPY);
    fclose(file);
    MHD_add_response_header(made, "Content-Type", "application/json");
    return made;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **slot) {
    if (*slot == NULL) return *slot = response, MHD_YES;
    if (*size > 0) return *size = 0, MHD_YES;
    int asks = capabilities != NULL && strcmp(url, "/capabilities") == 0;
    return MHD_queue_response(connection, MHD_HTTP_OK, asks ? capabilities : response);
}

int main(int count, char **arguments) {
    if (count < 3) return 64;
    response = content(arguments[2]);
    if (count > 3) capabilities = content(arguments[3]);
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(arguments[1]), NULL, NULL,
                                                 answer, NULL, MHD_OPTION_END);
    if (daemon == NULL) return 69;
    pause();
}
