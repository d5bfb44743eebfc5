import Logging
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// A way by which people are told besides the platform's own list: text messages, say (E5).
///
/// Called once for each recipient of a notification, from the outbox: after the notification is on the disk, until it does not
/// throw any more. Where to reach a person or a unit is the sender's to find out; no address is stored here.
protocol NotificationSender: Sendable {
    /// - Throws: to be called again later.
    func send(_ notification: Tasks.PostRequest, to recipient: Tasks.Mailbox) async throws
}

/// For development: says in the log that there was something to send, and neither to whom nor what.
struct LogSender: NotificationSender {
    let logger: Logger

    func send(_ notification: Tasks.PostRequest, to recipient: Tasks.Mailbox) async {
        logger.info(
            "a notification would be sent",
            metadata: ["event": "\(notification.event)", "to": "\(recipient.kind)"])
    }
}

/// Hands notifications from the outbox to the sender.
struct SenderDelivery: Sendable {
    /// The outbox's destination.
    static let destination = "notification-sender"

    let sender: any NotificationSender

    func deliver(_ message: StoredMessage) async throws {
        let notification = try Tasks.PostRequest(decoding: message.payload)
        for recipient in notification.recipients {
            try await sender.send(notification, to: recipient)
        }
    }
}
