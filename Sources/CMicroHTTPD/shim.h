#ifndef FLOWCORE_CMICROHTTPD_SHIM_H
#define FLOWCORE_CMICROHTTPD_SHIM_H

// What Swift cannot import of libmicrohttpd: its variadic functions. Enumerations that the library hands to callbacks
// are integers here, since a value that the header does not name would be undefined behaviour in a Swift enum.

#include <microhttpd.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

// External mode on epoll: no thread of the library's own.
static const unsigned int FLOW_DAEMON_FLAGS = MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME;
static const unsigned int FLOW_DAEMON_TLS = MHD_USE_TLS;
// POLLRDHUP, which the C library shows to GNU sources alone.
static const short FLOW_POLL_HANGUP = 0x2000;

static inline int flow_event_descriptor(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

// How many bytes have come on a socket and have not been read.
static inline int flow_unread(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) == 0 ? count : 0;
}

static inline struct MHD_Daemon *flow_start_daemon(
    unsigned int flags, uint16_t port, MHD_AccessHandlerCallback handler, void *context,
    struct MHD_OptionItem *options) {
    return MHD_start_daemon(flags, port, NULL, NULL, handler, context, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static inline int flow_epoll_descriptor(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

static inline unsigned int flow_connection_count(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}

static inline int flow_connection_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static inline void *flow_connection_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

// How large the header is; 0 before it has come whole.
static inline size_t flow_header_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

static inline const struct sockaddr *flow_client_address(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

static inline const char *flow_header(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

typedef enum MHD_Result (*flow_field_callback)(
    void *context, int kind, const char *name, size_t name_size, const char *value, size_t value_size);

static inline int flow_each_header(struct MHD_Connection *connection, flow_field_callback callback, void *context) {
    return MHD_get_connection_values_n(
        connection, MHD_HEADER_KIND, (MHD_KeyValueIteratorN)(void (*)(void))callback, context);
}

#endif
