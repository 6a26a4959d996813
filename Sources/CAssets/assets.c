#include "assets.h"

static const unsigned char openapi[] = {
#embed "../../openapi.yaml"
};

static const unsigned char docs[] = {
#embed "docs.html"
};

struct flow_asset flow_asset_openapi(void) { return (struct flow_asset){openapi, sizeof openapi}; }
struct flow_asset flow_asset_docs(void) { return (struct flow_asset){docs, sizeof docs}; }
