import Attachments
import Storage

/// Where a service's data are: its database, and what stands beside it. A backup is the same under other names.
struct StoredData: Sendable {
    let database: String
    let attachments: String

    /// - Parameter attachments: their folder, unless it is beside the database.
    init(database: String, attachments: String? = nil) {
        self.database = database
        self.attachments = attachments ?? database + ".files"
    }

    init(_ options: ServiceOptions) {
        self.init(database: options.database, attachments: options.attachments)
    }

    /// How far the development clock was moved; only where there is one.
    var clock: String { database + ".clock" }

    var files: AttachmentFolder { AttachmentFolder(attachments) }
}
