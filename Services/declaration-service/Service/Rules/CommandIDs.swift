/// The ids that one command may need, drawn before it so that deciding stays pure.
struct CommandIDs: Sendable {
    /// Of a new object, or of the step that the command begins.
    let object: String
    /// Of a message to quota-service besides Reserve.
    let quotaMessage: String
    /// Of a message to archive-service besides PinVersions.
    let archiveMessage: String

    init(_ draw: () -> String) {
        object = draw()
        quotaMessage = draw()
        archiveMessage = draw()
    }
}
