// minizip as Swift sees it: its reading half, and for the tests its writing half.
#ifndef ZHICHENG_CMINIZIP_H
#define ZHICHENG_CMINIZIP_H

#include <minizip/unzip.h>
#include <minizip/zip.h>

#endif
