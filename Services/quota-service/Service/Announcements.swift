import Messages
import ServiceRuntime

// What the task centre is told of records: every transition that a unit's officers did not make alone in a draft (E5). There
// are no tasks: nobody reviews a record.

extension Announcement {
    /// What happened to a record.
    enum RecordNews {
        case confirmed, supplemented
        /// By the edition of that number.
        case superseded(Int32)

        fileprivate var event: String {
            switch self {
            case .confirmed: "confirmed"
            case .supplemented: "supplemented"
            case .superseded: "superseded"
            }
        }

        fileprivate var label: String {
            switch self {
            case .confirmed: "已提交"
            case .supplemented: "补充核准"
            case .superseded: "更正"
            }
        }

        fileprivate var text: String {
            switch self {
            case .confirmed: "已由单位提交，不可再更改"
            case .supplemented: "已由人社部门补充核准，空缺数有变化"
            case .superseded(let edition): "已由人社部门更正，以第 \(edition) 版为准"
            }
        }
    }

    /// - Parameters:
    ///   - record: afterwards; of a superseded one, the old one.
    ///   - actor: the person who did it.
    static func of(_ record: StoredRecord, _ news: RecordNews, by actor: String) -> Announcement {
        var announcement = Announcement(
            machine: "quota_record", object: record.id, version: record.version)
        announcement.event = news.event
        announcement.title = "岗位核准信息 \(news.label)"
        announcement.text = "\(record.year) 年度的岗位核准信息\(news.text)"
        announcement.recipients = [.unit(record.unitID)]
        announcement.actor = actor
        return announcement
    }
}
