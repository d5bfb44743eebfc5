// SQLite as Swift sees it, and the few calls that Swift cannot spell: variadic ones and those
// whose destructor argument is a number disguised as a function.
#ifndef ZHICHENG_CSQLITE_H
#define ZHICHENG_CSQLITE_H

#include <sqlite3.h>

/// Binds a copy of the text; an empty one stays a text.
static inline int zc_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count) {
    return count == 0
        ? sqlite3_bind_text(statement, index, "", 0, SQLITE_STATIC)
        : sqlite3_bind_text64(statement, index, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Binds a copy of the bytes; none of them stay a blob.
static inline int zc_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return count == 0
        ? sqlite3_bind_zeroblob(statement, index, 0)
        : sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/// Sets an on/off option of the connection and reads it back into `result`.
static inline int zc_set_option(sqlite3 *database, int option, int value, int *result) {
    return sqlite3_db_config(database, option, value, result);
}

/// Reads an on/off option of the connection.
static inline int zc_get_option(sqlite3 *database, int option, int *result) {
    return sqlite3_db_config(database, option, -1, result);
}

#endif
