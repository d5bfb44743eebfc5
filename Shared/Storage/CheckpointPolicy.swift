/// When the writer copies its log into the database, and whether it waits for readers then. A reader that takes long, as a
/// backup in another process does, is waited for once, and again only when the log is twice as long.
struct CheckpointPolicy {
    /// Frames in the log from which a checkpoint is made when nothing waits.
    static let framesWhenIdle = 1_000
    /// Frames from which one is made in any case.
    static let framesWhenBusy = 4_000
    /// Frames from which the writer waits for readers, so that the log begins anew.
    static let framesAtMost = 32_000

    private var framesToWaitAt = framesAtMost

    /// The checkpoint to make now, if any.
    /// - Parameter isIdle: whether no command waits.
    func due(frames: Int, isIdle: Bool) -> Connection.Checkpoint? {
        guard frames >= (isIdle ? Self.framesWhenIdle : Self.framesWhenBusy) else { return nil }
        return frames >= framesToWaitAt ? .restart : .passive
    }

    /// - Parameter isWhole: whether all of the log was copied; otherwise readers were in the way.
    mutating func made(_ kind: Connection.Checkpoint, frames: Int, isWhole: Bool) {
        if isWhole {
            framesToWaitAt = Self.framesAtMost
        } else if kind == .restart {
            framesToWaitAt = 2 * frames
        }
    }
}
