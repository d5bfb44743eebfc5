import Domain
import ZhichengClient

// The screens' own words for values.

extension Common.QuotaLevel {
    /// The four levels in the order of screen 7-3.
    static let onScreen: [Common.QuotaLevel] = [
        .seniorFull, .seniorAssociate, .intermediate, .junior,
    ]

    /// 正高, 副高, 中级, 初级.
    var label: String {
        switch self {
        case .seniorFull: "正高"
        case .seniorAssociate: "副高"
        case .intermediate: "中级"
        case .junior: "初级"
        default: "未知级别"
        }
    }
}

extension Quota.RecordState {
    /// 是否确认.
    var label: String {
        switch self {
        case .draft: "未确认"
        case .confirmed: "已确认"
        case .superseded: "已被取代"
        default: "未知"
        }
    }
}

extension Quota.Record {
    /// What is in force of a level, as the list shows it: a number or 不限.
    func vacancy(_ level: Common.QuotaLevel) -> String {
        guard let found = approved.first(where: { $0.level == level }) else { return "" }
        return found.unlimited ? "不限" : "\(found.count)"
    }
}

/// The civil day at UTC+8 of a time in milliseconds since 1970, "2022-04-19"; "" for 0.
func day(_ milliseconds: Int64) -> String {
    milliseconds == 0 ? "" : "\(CivilDay(Timestamp(milliseconds: milliseconds)))"
}

/// Day and time at UTC+8, "2022-04-19 09:05"; "" for 0.
func minute(_ milliseconds: Int64) -> String {
    milliseconds == 0 ? "" : String(Timestamp(milliseconds: milliseconds).text.prefix(16))
}
