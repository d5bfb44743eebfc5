/// 属地: the province, one of its cities, or a county (GB/T 2260).
package struct Region: Sendable, Hashable {
    /// Six digits; a city ends in 00, the province in 0000.
    package let code: String
    /// "鼓楼区".
    package let name: String

    /// Nil for a code that is not of Fujian or not assigned.
    package init?(code: String) {
        guard let region = Self.byCode[code] else { return nil }
        self = region
    }

    private init(_ row: (code: String, name: String)) {
        code = row.code
        name = row.name
    }

    /// 福建省.
    package static let province = Region(table[0])

    private static let all = table.map { Region($0) }
    private static let byCode = Dictionary(
        all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// What the codes of all that lies within begin with.
    private var stem: Substring {
        if code.hasSuffix("0000") { return code.prefix(2) }
        return code.hasSuffix("00") ? code.prefix(4) : code[...]
    }

    /// "福建省-福州市-鼓楼区".
    package var label: String {
        enclosing.reversed().map(\.name).joined(separator: "-")
    }

    /// Whether a unit may choose it: 金门县 has a code in the standard, and no unit here.
    package var isSelectable: Bool { code != "350527" }

    /// 省级, 市级 or 县级 (I3 of functions.md).
    package var administrativeLevel: String {
        switch stem.count {
        case 2: "省级"
        case 4: "市级"
        default: "县级"
        }
    }

    /// Its code and those of all that lies within, as texts: from the first on, and below the second.
    package var codeRange: (first: String, end: String) {
        // A tilde sorts behind every digit.
        (String(stem), "\(stem)~")
    }

    /// Itself and the regions that it lies in, the smallest first.
    package var enclosing: [Region] {
        [code, "\(code.prefix(4))00", "\(code.prefix(2))0000"].reduce(into: []) { found, code in
            guard let region = Region(code: code), found.last != region else { return }
            found.append(region)
        }
    }

    /// Whether the other region is this one or lies within it.
    package func covers(_ other: Region) -> Bool {
        other.code.hasPrefix(stem)
    }

    /// Cities of the province, counties of a city, nothing of a county.
    package var children: [Region] {
        let length = stem.count + 2
        return Self.all.filter { $0.stem.count == length && covers($0) }
    }
}
