import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import Storage

extension Tasks.SavedFilter: StorableReply {}
extension Tasks.DeleteFilterReply: StorableReply {}

/// 保存的筛选 (T7): a person's own, by name. One of the same name takes the place of the other.
struct SaveFilter: Command {
    /// Of one person.
    static let most = 50
    /// In characters.
    static let longestName = 50

    let personID: String
    let request: Tasks.SaveFilterRequest

    func read(_ rows: any RowReader) throws -> [String] {
        try SavedFilterStore.filters(of: personID, rows).map(\.name)
    }

    func decide(_ names: [String], at now: Timestamp) throws(Refusal) -> Plan<Tasks.SavedFilter> {
        var check = FormCheck()
        let name = check.text(
            request.name, "name", "名称", required: true, longest: Self.longestName)
        try check.finish()
        guard names.contains(name) || names.count < Self.most else {
            throw .precondition("最多保存 \(Self.most) 个筛选，请先删除不用的")
        }
        let saved = Tasks.SavedFilter(
            name: name, view: request.view == .processed ? .processed : .pending,
            filter: request.filter ?? Tasks.TaskFilter(), savedMs: now.milliseconds)
        return Plan(writes: [SavedFilterStore.save(saved, of: personID)], reply: saved)
    }
}

/// A saved filter that is used no more.
struct DeleteFilter: Command {
    let personID: String
    let name: String

    func read(_ rows: any RowReader) throws -> Bool {
        try SavedFilterStore.filters(of: personID, rows).contains { $0.name == name }
    }

    func decide(
        _ isThere: Bool, at now: Timestamp
    ) throws(Refusal) -> Plan<Tasks.DeleteFilterReply> {
        guard isThere else { throw .notFound("筛选") }
        return Plan(
            writes: [SavedFilterStore.delete(name, of: personID)],
            reply: Tasks.DeleteFilterReply())
    }
}

/// The SQL of saved filters.
enum SavedFilterStore {
    /// All of a person, by name.
    static func filters(of person: String, _ rows: any RowReader) throws -> [Tasks.SavedFilter] {
        try rows.rows(
            Statement(
                "SELECT body FROM saved_filters WHERE person_id = ? ORDER BY name",
                [.text(person)]), limit: SaveFilter.most
        ).map { try Tasks.SavedFilter(decoding: $0.blob("body")) }
    }

    static func save(_ filter: Tasks.SavedFilter, of person: String) -> Statement {
        Statement(
            """
            INSERT INTO saved_filters (person_id, name, body) VALUES (?, ?, ?)
            ON CONFLICT (person_id, name) DO UPDATE SET body = excluded.body
            """,
            [
                .text(person), .text(filter.name),
                // A filter that cannot be packed (longer than 2 GiB) cannot occur here.
                .blob((try? filter.encodedBytes()) ?? []),
            ])
    }

    static func delete(_ name: String, of person: String) -> Statement {
        Statement(
            "DELETE FROM saved_filters WHERE person_id = ? AND name = ?",
            [.text(person), .text(name)])
    }
}
