/// A table of codes and their Chinese labels, as forms offer them.
package struct CodeTable: Sendable, Hashable {
    /// One choice.
    package struct Item: Sendable, Hashable {
        /// As it is stored and sent.
        package let code: String
        /// As it is shown, in Chinese.
        package let label: String
    }

    /// As the archive catalogue names it in a field's type: "education_gbt4658".
    package let name: String
    /// In the order in which they are offered; codes and labels are unique.
    package let items: [Item]

    init(_ name: String, _ pairs: KeyValuePairs<String, String>) {
        self.init(name, pairs.map { Item(code: $0.key, label: $0.value) })
    }

    init(_ name: String, _ items: [Item]) {
        self.name = name
        self.items = items
    }

    /// The table of that name; nil when there is none.
    package static func named(_ name: String) -> CodeTable? {
        all.first { $0.name == name }
    }

    /// Every table.
    package static let all = [
        education, degrees, titleLevels, titleSeries, ethnicGroups, politicalStatus, health, sex,
        provinces, idDocuments, unitNature,
    ]

    /// The label of a code; nil for an unknown one.
    package func label(_ code: String) -> String? {
        items.first { $0.code == code }?.label
    }

    /// The code of a label, written exactly so; nil for an unknown one.
    package func code(_ label: String) -> String? {
        items.first { $0.label == label }?.code
    }
}
