import Messages

/// What an applicant files with an item: the form and the evidence.
struct ItemContent: Sendable, Hashable {
    var form = ItemForm()
    var evidence: [Common.Attachment] = []
}

extension ItemKind {
    /// Field by field what changed, in the order of the screen; then the files, those that went first (A8).
    func differences(
        from before: ItemContent, to after: ItemContent
    ) -> [Archive.ItemDifference] {
        let fields = zip(shown(before.form), shown(after.form)).filter { $0.value != $1.value }
            .map { old, new in
                Archive.ItemDifference(
                    key: old.key, label: old.label, before: old.value, after: new.value)
            }
        guard let field = evidence else { return fields }
        let (old, new) = (Set(before.evidence.map(\.sameness)), Set(after.evidence.map(\.sameness)))
        let gone = before.evidence.filter { !new.contains($0.sameness) }.map {
            Archive.ItemDifference(key: field.key, label: field.label, before: $0.fileName)
        }
        let added = after.evidence.filter { !old.contains($0.sameness) }.map {
            Archive.ItemDifference(key: field.key, label: field.label, after: $0.fileName)
        }
        return fields + gone + added
    }
}

extension Common.Attachment {
    /// The same name with the same bytes is the same file, uploaded twice or not.
    fileprivate var sameness: [UInt8] { sha256 + Array(fileName.utf8) }
}
