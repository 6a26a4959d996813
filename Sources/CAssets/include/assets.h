#ifndef FLOWCORE_ASSETS_H
#define FLOWCORE_ASSETS_H

#include <stddef.h>

/// A file that the binary carries: its first byte and its size.
struct flow_asset {
    const unsigned char *bytes;
    size_t size;
};

/// The description of the API.
struct flow_asset flow_asset_openapi(void);
/// The description of the API as a page.
struct flow_asset flow_asset_docs(void);

#endif
