import Messages
import RPC
import ServiceRuntime
import Testing

@Suite("Paging")
struct PagingTests {
    @Test("A cursor survives its bytes", arguments: [0, 1, -1, Int64.max, Int64.min])
    func cursorRoundTrip(sort: Int64) throws {
        let cursor = PageCursor(sort: sort, id: "archive:0123456789abcdef:1")
        #expect(PageCursor(cursor.bytes) == cursor)
    }

    @Test("Foreign bytes are no cursor")
    func foreignBytes() {
        #expect(PageCursor([]) == nil)
        #expect(PageCursor([UInt8](repeating: 1, count: 8)) == nil)
        #expect(PageCursor([UInt8](repeating: 0x41, count: 209)) == nil)
        #expect(PageCursor([0, 0, 0, 0, 0, 0, 0, 1, 0xFF]) == nil)
        #expect(throws: RPCError.self) {
            try PageBounds(Common.PageRequest(cursor: [1, 2, 3]))
        }
    }

    @Test("Sizes have a default and a limit")
    func sizes() throws {
        #expect(try PageBounds(nil).size == 10)
        #expect(try PageBounds(Common.PageRequest(size: 200)).size == 200)
        let error = #expect(throws: RPCError.self) {
            try PageBounds(Common.PageRequest(size: 201))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("201") == true)
    }

    @Test("Pages follow each other without gap or double", arguments: 1...12)
    func pages(size: Int) throws {
        let rows = (0..<11).map { PageCursor(sort: Int64(100 - $0 / 3), id: "id-\(50 - $0)") }
        var seen: [PageCursor] = []
        var cursor: [UInt8] = []
        repeat {
            let bounds = try PageBounds(
                Common.PageRequest(size: UInt32(size), cursor: cursor))
            let start = bounds.start
            let found = rows.filter {
                $0.sort < start.sort || ($0.sort == start.sort && $0.id < start.id)
            }.prefix(size + 1)
            let page = bounds.page(Array(found)) { $0 }
            seen += page.rows
            cursor = page.next
        } while !cursor.isEmpty
        #expect(seen == rows)
    }
}
