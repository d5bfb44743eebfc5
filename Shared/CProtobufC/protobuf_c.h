// The codec of every message; 1.4.1 is the least version that is safe to feed with foreign bytes.
#include <protobuf-c/protobuf-c.h>
#if PROTOBUF_C_VERSION_NUMBER < 1004001
#error "libprotobuf-c 1.4.1 or later is needed (CVE-2022-33070, CVE-2022-48468)"
#endif
