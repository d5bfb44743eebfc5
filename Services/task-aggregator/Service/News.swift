import Domain
import Messages
import ServiceRuntime
import Storage

extension Tasks.News: StorableReply {}

/// 最新职称信息 (T6), published by the HR department for everybody.
struct PublishNews: Command {
    /// Who publishes, for the audit: "person:…".
    let publisher: String
    let request: Tasks.PublishNewsRequest
    let newID: String

    /// In characters.
    static let longestTitle = 100
    /// In characters.
    static let longestBody = 10_000

    func read(_ rows: any RowReader) throws {}

    func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<Tasks.News> {
        var check = FormCheck()
        let title = check.text(
            request.title, "title", "标题", required: true, longest: Self.longestTitle)
        let body = check.text(
            request.body, "body", "正文", required: true, longest: Self.longestBody, hasLines: true)
        try check.finish()
        let news = Tasks.News(
            id: newID, title: title, body: body, publishedMs: now.milliseconds)
        return Plan(
            writes: [NewsStore.insert(news)],
            audit: [
                AuditEntry(
                    actor: publisher, action: "tasks.news.publish", object: "news:\(newID)",
                    after: [("characters", String(body.count))])
            ], reply: news)
    }
}

/// The SQL of the news.
enum NewsStore {
    /// On the home page.
    static let shown = 10

    /// The newest first.
    static func newest(_ rows: any RowReader) throws -> [Tasks.News] {
        try rows.rows(
            Statement(
                """
                SELECT id, title, body, published_ms FROM news
                ORDER BY published_ms DESC, id DESC LIMIT ?
                """, [.integer(Int64(shown))]), limit: shown
        ).map { row in
            Tasks.News(
                id: try row.text("id"), title: try row.text("title"), body: try row.text("body"),
                publishedMs: try row.integer("published_ms"))
        }
    }

    static func insert(_ news: Tasks.News) -> Statement {
        Statement(
            "INSERT INTO news (id, title, body, published_ms) VALUES (?, ?, ?, ?)",
            [
                .text(news.id), .text(news.title), .text(news.body),
                .integer(news.publishedMs),
            ])
    }
}
