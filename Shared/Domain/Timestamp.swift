/// A point in time: milliseconds since 1970-01-01T00:00Z.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00Z.
    package let milliseconds: Int64

    /// The point so many milliseconds after 1970-01-01T00:00Z.
    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
