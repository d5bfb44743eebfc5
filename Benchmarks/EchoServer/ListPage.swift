import Messages

extension Tasks.ListTasksReply {
    /// What the list call answers: a page of 50 pending tasks, about 8.7 kB.
    static var sample: Tasks.ListTasksReply {
        Tasks.ListTasksReply(
            tasks: (10..<60).map { Tasks.Task(number: $0) },
            nextCursor: [UInt8](repeating: 0x5A, count: 8))
    }
}

extension Tasks.Task {
    fileprivate init(number: Int) {
        self.init(
            id: "archive:0123456789abcdef0123456789abcd\(number):1", source: "archive",
            kind: "archive_item", kindLabel: "业绩档案", title: "教育经历 福建\(number)",
            applicantID: "0123456789abcdef0123456789abcd\(number)", applicantName: "陈小\(number)",
            sortMs: 1_650_300_000_000 + Int64(number), version: 3, stateLabel: "审核中")
    }
}
