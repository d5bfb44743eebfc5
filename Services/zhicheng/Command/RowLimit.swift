import ArgumentParser
import ZhichengClient

/// `--limit` of a list that comes in pages.
struct RowLimit: ParsableArguments {
    /// The most rows of a page.
    private static let largestPage = 200

    @Option(help: "How many rows at most.")
    var limit = 50

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit is a number from 1 to 100000")
        }
    }

    /// The first rows of a list.
    /// - Parameter list: by the size of its pages.
    func first<Row>(_ list: (_ pageSize: Int) -> PagedRows<Row>) async throws -> [Row] {
        var found: [Row] = []
        for try await row in list(min(Self.largestPage, limit)) {
            found.append(row)
            if found.count == limit { break }
        }
        return found
    }

    /// The first rows of a list, and the last page that they took, for its counts.
    func rows<Reply, Row>(
        _ rows: (Reply) -> [Row], next: (Reply) -> [UInt8],
        _ page: (Common.PageRequest) async throws -> Reply
    ) async throws -> (rows: [Row], last: Reply) {
        var found: [Row] = []
        var cursor: [UInt8] = []
        while true {
            let reply = try await page(
                Common.PageRequest(
                    size: UInt32(min(Self.largestPage, limit - found.count)), cursor: cursor))
            found += rows(reply)
            cursor = next(reply)
            if cursor.isEmpty || found.count >= limit { return (found, reply) }
        }
    }
}
