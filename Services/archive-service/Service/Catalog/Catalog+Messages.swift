import Domain
import Messages

extension Catalog {
    /// As it travels.
    var message: Archive.GetCatalogReply {
        Archive.GetCatalogReply(
            categories: categories.map { category in
                Archive.CategoryDefinition(
                    key: category.key, label: category.label, items: category.kinds.map(\.message))
            })
    }
}

extension ItemKind {
    fileprivate var message: Archive.ItemDefinition {
        Archive.ItemDefinition(
            key: key, label: label, listColumns: listColumns,
            fields: fields.map { $0.message(self) })
    }

    /// The form's values as they are shown, in the order of the screen; those that are empty too.
    func shown(_ form: ItemForm) -> [Common.FormValue] {
        fields.filter { $0.type != .files }.map { field in
            Common.FormValue(key: field.key, label: field.label, value: field.shown(form))
        }
    }

    /// The list's cells between 申报人 and 申报日期.
    func cells(_ form: ItemForm) -> [String] {
        columns.map { column in
            column.keys.compactMap { field($0)?.shown(form) }.filter { !$0.isEmpty }
                .joined(separator: " ")
        }
    }

    /// What names the item in searches and tasks.
    func mainName(_ form: ItemForm) -> String { form[main] }
}

extension Field {
    fileprivate func message(_ kind: ItemKind) -> Archive.FieldDefinition {
        var definition = Archive.FieldDefinition(
            key: key, label: label, type: type.name, required: isRequired, unit: unit,
            rule: rules.map { $0.text(kind) }.joined(separator: "；"))
        switch type {
        case .choice(let values): definition.values = values
        case .code(let table): definition.codeTable = table.name
        default: break
        }
        return definition
    }

    /// With its unit: 2年.
    fileprivate func shown(_ form: ItemForm) -> String {
        let value = form[key]
        return value.isEmpty ? "" : value + unit
    }
}
