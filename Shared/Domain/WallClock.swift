/// Tells the time of day. Injected, so that tests and the development clock decide it.
package protocol WallClock: Sendable {
    /// The time now.
    func now() -> Timestamp
}
