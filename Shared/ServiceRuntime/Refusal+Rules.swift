package import Domain
package import MessageCoding
import Messages
package import Storage

/// The refusals that every service's rules use: one code and one shape for each.
extension Refusal {
    /// A form with faults; all of them are named. Code 3.
    package static func invalid(_ faults: [FieldFault]) -> Refusal {
        Swift.precondition(!faults.isEmpty, "a refusal for faults needs a fault")
        let violations = faults.map {
            Common.FieldViolation(field: $0.field, label: $0.label, message: $0.message)
        }
        let labels = faults.map(\.label).joined(separator: "、")
        return Refusal(
            code: 3, message: "请检查：\(labels)",
            details: [.message(Common.FieldViolations(violations: violations))])
    }

    /// Unknown, or not the caller's: both answer alike. Code 5.
    package static func notFound(_ what: String) -> Refusal {
        Refusal(code: 5, message: "\(what)不存在", details: [])
    }

    /// Somebody else was faster: the object's version is another one now. Code 10.
    package static func conflict(current: Int64) -> Refusal {
        Refusal(
            code: 10, message: "数据已被他人更新，请刷新后重试",
            details: [.message(Common.VersionFacts(currentVersion: current))])
    }

    /// The object is busy with another decision. Code 10.
    package static func busy(_ message: String) -> Refusal {
        Refusal(code: 10, message: message, details: [])
    }

    /// The state or a rule does not allow it. Code 9.
    package static func precondition(
        _ message: String, detail: (any Message)? = nil
    ) -> Refusal {
        Refusal(code: 9, message: message, details: detail.map { [.message($0)] } ?? [])
    }

    /// This person may not do it. Code 7.
    package static func denied(_ message: String) -> Refusal {
        Refusal(code: 7, message: message, details: [])
    }

    /// It is there already. Code 6.
    package static func exists(_ message: String) -> Refusal {
        Refusal(code: 6, message: message, details: [])
    }
}

extension RefusalDetail {
    /// A typed detail. A message that cannot be packed (longer than 2 GiB) cannot occur here.
    package static func message(_ message: some Message) -> RefusalDetail {
        RefusalDetail(
            type: Swift.type(of: message).fullName, value: (try? message.encodedBytes()) ?? [])
    }
}
