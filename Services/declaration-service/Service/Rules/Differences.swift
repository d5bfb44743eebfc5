import Messages
import Storage

/// What a resubmission changed, value by value, over the sections that the applicant answers for (D4).
enum Differences {
    static func find(
        _ before: Submission, _ declaration: StoredDeclaration, items: [Archive.Item]
    ) -> [Declaration.Difference] {
        var old = declaration
        old.application = before.application
        let (then, now) = (
            Sections.of(old, items: before.items, recommendation: nil),
            Sections.of(declaration, items: items, recommendation: nil)
        )
        return zip(then, now).flatMap { changes(from: $0, to: $1) }
    }

    private static func changes(
        from old: Declaration.Section, to new: Declaration.Section
    ) -> [Declaration.Difference] {
        func difference(_ label: String, _ before: String, _ after: String)
            -> Declaration.Difference
        {
            Declaration.Difference(
                section: new.label, label: label, before: before, after: after)
        }
        func byID(_ section: Declaration.Section) -> [String: Declaration.SectionRow] {
            Dictionary(section.rows.map { ($0.itemID, $0) }, uniquingKeysWith: { a, _ in a })
        }
        let (then, now) = (byID(old), byID(new))
        var found: [Declaration.Difference] = []
        for row in new.rows {
            guard let before = then[row.itemID] else {
                found.append(difference("新增", "", row.summary))
                continue
            }
            for value in row.values {
                let was = before.values.first { $0.key == value.key }?.value ?? ""
                if was != value.value {
                    found.append(difference(value.label, was, value.value))
                }
            }
        }
        for row in old.rows where now[row.itemID] == nil {
            found.append(difference("删除", row.summary, ""))
        }
        return found
    }
}

extension Declaration.SectionRow {
    /// What names an archive item: its kind and its first value.
    fileprivate var summary: String {
        values.prefix(2).map(\.value).filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// What a return has to be held against (D8): earlier returns, and what changed since the last one.
struct EarlierReturns: Sendable {
    private let raised: Set<String>
    /// Labels of sections and values that the resubmission changed.
    private let changed: Set<String>

    /// - Parameter outcome: of the decision; only a return raises defects, and reads what they are held against.
    init(
        _ declaration: StoredDeclaration, of outcome: Common.Outcome, _ rows: any RowReader
    ) throws {
        guard outcome == .returned else {
            (raised, changed) = ([], [])
            return
        }
        raised = Set(try SubmissionStore.defects(of: declaration.id, rows).map(\.text))
        let before = raised.isEmpty ? nil : try SubmissionStore.before(declaration, rows)
        changed =
            try before.map { before in
                let items = try DeclarationStore.snapshot(
                    declaration.id, round: declaration.acceptedRound, rows)
                return Set(
                    Differences.find(before, declaration, items: items).flatMap {
                        [$0.section, $0.label]
                    })
            } ?? []
    }

    /// Whether a defect is new in a later return though nothing that it names was changed since: it could have
    /// been raised at once. Such a defect is flagged, never refused.
    func isLate(_ defect: String) -> Bool {
        !raised.isEmpty && !raised.contains(defect)
            && !changed.contains { defect.contains($0) }
    }
}
