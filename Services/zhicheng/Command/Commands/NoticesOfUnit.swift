import ArgumentParser
import ZhichengClient

// 公示 by the unit.

extension DeclarationsCommand {
    struct Notices: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "公示表: the unit's public notices, newest first.")

        @Flag(help: "Only those that run.")
        var running = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let notices = try await connection.withPlatform(session: session.token()) { client in
                try await client.declaration.allNotices(running: running, pageSize: 200)
                    .reduce(into: [Declaration.Notice]()) { $0.append($1) }
            }
            guard connection.output == .table else {
                return try Output.json(notices.map(NoticeRecord.init))
            }
            Output.table(Table(notices: notices))
            if notices.isEmpty { Output.note("没有公示") }
        }
    }

    struct OpenNotice: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "open-notice",
            abstract: "开始公示, for five working days; what is shown is fixed now.")

        @OptionGroup var one: OneDeclaration

        func run() async throws {
            try await one.notice { client in
                let row = try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id)
                ).row
                return try await client.declaration.openNotice(
                    Declaration.OpenNoticeRequest(
                        id: one.id, expectedVersion: row?.version ?? 0))
            }
        }
    }

    struct Object: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records an objection to the notice that runs.")

        @OptionGroup var one: OneDeclaration
        @Option(help: "The objection, at most 500 characters.")
        var text: String

        func run() async throws {
            try await one.notice { client in
                try await client.declaration.recordObjection(
                    Declaration.RecordObjectionRequest(
                        noticeID: one.runningNotice(client).id, text: text))
            }
        }
    }

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says what was found out about an objection.")

        @OptionGroup var one: OneDeclaration
        @Option(help: "The objection's number, from 1.")
        var objection = 1
        @Option(help: "处理结果, at most 500 characters.")
        var text: String

        func run() async throws {
            try await one.notice { client in
                let notice = try await one.runningNotice(client)
                guard notice.objections.indices.contains(objection - 1) else {
                    throw CommandFailure(.usage, "公示有 \(notice.objections.count) 件异议")
                }
                return try await client.declaration.resolveObjection(
                    Declaration.ResolveObjectionRequest(
                        noticeID: notice.id, objectionID: notice.objections[objection - 1].id,
                        resolution: text))
            }
        }
    }

    struct CloseNotice: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "close-notice",
            abstract: "结束公示 after its last day; makes the notice proof.")

        @OptionGroup var one: OneDeclaration

        func run() async throws {
            try await one.notice { client in
                let notice = try await one.runningNotice(client)
                let row = try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id)
                ).row
                return try await client.declaration.closeNotice(
                    Declaration.CloseNoticeRequest(
                        noticeID: notice.id, expectedVersion: row?.version ?? 0))
            }
        }
    }
}

extension OneDeclaration {
    /// Does something with the declaration's notice, and shows it.
    fileprivate func notice(
        _ step: (PlatformClient) async throws -> Declaration.Notice
    ) async throws {
        let notice = try await withPlatform { client in try await step(client) }
        guard connection.output == .table else {
            return try Output.json(NoticeRecord(notice))
        }
        Output.table(Table(notices: [notice]))
        guard !notice.objections.isEmpty else { return }
        Output.line("\n异议")
        Output.table(
            Table(
                ["序号", "异议", "记录人", "处理结果", "处理人"],
                rows: notice.objections.enumerated().map { index, objection in
                    [
                        "\(index + 1)", objection.text, objection.recordedByName,
                        objection.resolution, objection.resolvedByName,
                    ]
                }))
    }

    fileprivate func runningNotice(
        _ client: PlatformClient
    ) async throws -> Declaration.Notice {
        let reply = try await client.declaration.listNotices(
            Declaration.ListNoticesRequest(declarationID: id, running: true))
        guard let notice = reply.notices.first else {
            throw CommandFailure(.refused, "该申报没有进行中的公示")
        }
        return notice
    }
}

/// A notice for programs.
private struct NoticeRecord: Encodable {
    struct Objection: Encodable {
        let text, recordedBy, resolution, resolvedBy: String
    }

    let id, declaration, openedDay, untilDay, openedBy: String
    let isRunning: Bool
    let content: [String: String]
    let objections: [Objection]

    init(_ notice: Declaration.Notice) {
        id = notice.id
        declaration = notice.declarationID
        openedDay = notice.openedDay
        untilDay = notice.untilDay
        openedBy = notice.openedByName
        isRunning = notice.closedMs == 0
        content = Dictionary(
            notice.content.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        objections = notice.objections.map {
            Objection(
                text: $0.text, recordedBy: $0.recordedByName, resolution: $0.resolution,
                resolvedBy: $0.resolvedByName)
        }
    }
}

extension Table {
    /// What a 公示表 shows of each person.
    private static let noticeColumns: KeyValuePairs = [
        "name": "姓名", "sex": "性别", "unit": "申报单位", "plan": "评审计划", "committee": "受理评委会",
        "title": "申报职称", "specialty": "申报专业", "level": "申报级别", "form": "申报形式",
        "work_years": "工作年限", "specialty_years": "专业年限",
    ]

    /// 公示表: what is shown of each person, and for how long.
    init(notices: [Declaration.Notice]) {
        self.init(
            ["序号"] + Self.noticeColumns.map(\.value) + ["公示开始日期", "公示截止日期", "异议", "状态"])
        for (index, notice) in notices.enumerated() {
            let content = Self.noticeColumns.map { column in
                notice.content.first { $0.key == column.key }?.value ?? ""
            }
            rows.append(
                ["\(index + 1)"] + content + [
                    notice.openedDay, notice.untilDay, "\(notice.objections.count)",
                    notice.closedMs == 0 ? "公示中" : "已结束",
                ])
        }
    }
}
