// libxlsxwriter as Swift sees it.
#ifndef ZHICHENG_CXLSXWRITER_H
#define ZHICHENG_CXLSXWRITER_H

#include <xlsxwriter.h>

#endif
