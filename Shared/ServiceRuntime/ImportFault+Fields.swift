package import Domain
package import Messages

extension Common.ImportFault {
    /// A fault of one field of a row.
    /// - Parameter row: the first is 1.
    package init(_ fault: FieldFault, row: Int) {
        self.init(
            row: UInt32(row), field: fault.field, label: fault.label, message: fault.message)
    }

    /// As a refusal of the whole import names it: "rows[0].name", 第 1 行 姓名.
    package var fieldFault: FieldFault {
        FieldFault(
            field: "rows[\(row - 1)]" + (field.isEmpty ? "" : ".\(field)"),
            label: "第 \(row) 行 \(label)", message: message)
    }
}
