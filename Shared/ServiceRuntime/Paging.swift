package import Messages
package import RPC
package import Storage

/// A place in a list that is ordered newest first by (sort, id).
package struct PageCursor: Sendable, Hashable {
    /// The row's sort key, usually milliseconds.
    package let sort: Int64
    /// The row's id, at most 200 bytes.
    package let id: String

    package init(sort: Int64, id: String) {
        self.sort = sort
        self.id = id
    }

    /// 8 bytes of the sort key, then the id.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        let bits = UInt64(bitPattern: sort)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        return bytes + Array(id.utf8)
    }

    /// Nil when the bytes are none of ours.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count > 8, bytes.count <= 208 else { return nil }
        let bits = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let id = String(validating: bytes[8...], as: UTF8.self) else { return nil }
        self.init(sort: Int64(bitPattern: bits), id: id)
    }
}

/// The bounds of one page, as asked for.
package struct PageBounds: Sendable, Hashable {
    /// Rows on the page: 10 unless said otherwise, at most 200.
    package let size: Int
    /// The last row of the page before; nil for the first page.
    package let after: PageCursor?

    package static let standardSize = 10
    package static let maximumSize = 200

    package init(_ request: Common.PageRequest?) throws(RPCError) {
        let size = Int(request?.size ?? 0)
        guard size <= Self.maximumSize else {
            throw RPCError(
                code: .invalidArgument,
                message: "每页最多 \(Self.maximumSize) 条，请求了 \(size) 条")
        }
        self.size = size == 0 ? Self.standardSize : size
        let cursor = request?.cursor ?? []
        if cursor.isEmpty {
            after = nil
        } else if let parsed = PageCursor(cursor) {
            after = parsed
        } else {
            throw RPCError(code: .invalidArgument, message: "翻页游标无效，请从第一页开始")
        }
    }

    /// Where the page begins, itself left out: the first page starts above everything.
    package var start: PageCursor { after ?? PageCursor(sort: .max, id: "") }

    /// What binds to `WHERE (sort_ms, id) < (?, ?) … LIMIT ?`: an index can begin at such a place, and one row more tells that
    /// there is a next page.
    package var arguments: [Value] {
        [.integer(start.sort), .text(start.id), .integer(Int64(size + 1))]
    }

    /// Cuts `rows`, read with a limit of `size + 1`, to the page, and says where the next one starts.
    package func page<Row>(
        _ rows: consuming [Row], cursor: (Row) -> PageCursor
    ) -> (rows: [Row], next: [UInt8]) {
        guard rows.count > size else { return (rows, []) }
        rows.removeLast(rows.count - size)
        let next = rows.last.map { cursor($0).bytes } ?? []
        return (rows, next)
    }
}
