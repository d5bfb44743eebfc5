import Foundation

// What the list call sends and answers: a page of pending tasks as the task centre shows it. The same as
// in ../EchoServer/ListPage.swift; the codec measurement compares the bytes.

extension Bench_V1_ListRequest {
    /// 100 bytes.
    public static var sample: Bench_V1_ListRequest {
        var request = Bench_V1_ListRequest()
        request.view = 1
        request.page.size = 50
        request.page.cursor = Data(repeating: 0x5A, count: 92)
        return request
    }
}

extension Bench_V1_ListReply {
    /// 50 rows, about 8.7 kB.
    public static var sample: Bench_V1_ListReply {
        var reply = Bench_V1_ListReply()
        reply.tasks = (10..<60).map { Bench_V1_Row(number: $0) }
        reply.nextCursor = Data(repeating: 0x5A, count: 8)
        return reply
    }
}

extension Bench_V1_Row {
    fileprivate init(number: Int) {
        self.init()
        id = "archive:0123456789abcdef0123456789abcd\(number):1"
        source = "archive"
        kind = "archive_item"
        kindLabel = "业绩档案"
        title = "教育经历 福建\(number)"
        applicantID = "0123456789abcdef0123456789abcd\(number)"
        applicantName = "陈小\(number)"
        sortMs = 1_650_300_000_000 + Int64(number)
        version = 3
        stateLabel = "审核中"
    }
}
