import Crypto
import Domain
import Logging
import MessageCoding
package import Messages
import RPC
import ServiceStubs
package import Storage

/// What an owner tells the task centre of one change of one object, by its outbox, in the transaction of the change: whom to
/// notify (E5), and what became of its task (T4).
///
/// The words are the owner's, made from templates: names and titles, no personal numbers, nothing that somebody typed as an
/// opinion.
package struct Announcement: Sendable, Hashable {
    /// The outbox's destination.
    package static let destination = "task-aggregator"

    /// "archive_item": the state machine, as `state_machines.json` names it.
    package let machine: String
    package let object: String
    /// The object's version after the change. Steps with every change, and so names this one.
    package let version: Int64
    /// What happened, or where it led to: "returned".
    package var event = "changed"
    /// 业绩档案 退回, at most 100 characters.
    package var title = ""
    /// At most 500 characters.
    package var text = ""
    /// Nobody is told when there is none.
    package var recipients: [Tasks.Mailbox] = []
    package var tasks: [Tasks.TaskChange] = []
    /// The person who did it; "" for the service itself.
    package var actor = ""
    /// Which of several posts of the change this one is.
    private var part = 0

    package init(machine: String, object: String, version: Int64) {
        self.machine = machine
        self.object = object
        self.version = version
    }

    /// As it waits in the outbox: in a lane of its own, so that nothing else of the object waits for the task centre. Its id
    /// comes from the object and the version; the time is the outbox's.
    package var message: OutboxMessage {
        var request = Tasks.PostRequest(
            event: "\(machine).\(event)", objectID: object, title: Self.cut(title, 100),
            text: Self.cut(text, 500), recipients: recipients, tasks: tasks, actorID: actor)
        // An owner may name somebody twice: the unit, and the desk, which is the unit's.
        var seen: Set<Tasks.Mailbox> = []
        request.recipients.removeAll { $0.id.isEmpty || !seen.insert($0).inserted }
        let name = "\(machine):\(object):\(version):\(event)" + (part == 0 ? "" : ":\(part)")
        return OutboxMessage(
            lane: "announce:\(machine):\(object)", destination: Self.destination, kind: "post",
            id: OutboxMessage.id(of: name),
            // A request that cannot be packed (longer than 2 GiB) cannot occur here.
            payload: (try? request.encodedBytes()) ?? [])
    }

    /// The same to many: the task centre takes ten recipients at once.
    package func messages(to recipients: [Tasks.Mailbox]) -> [OutboxMessage] {
        stride(from: 0, to: recipients.count, by: 10).map { start in
            var post = self
            post.recipients = Array(recipients[start..<min(start + 10, recipients.count)])
            post.part = start / 10
            return post.message
        }
    }

    private static func cut(_ text: String, _ longest: Int) -> String {
        text.count <= longest ? text : text.prefix(longest - 1) + "…"
    }
}

extension OutboxMessage {
    /// The id of a message that comes from what it is about, so that it needs no drawn one.
    /// - Parameter name: what no other message of this outbox is named.
    package static func id(of name: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(name.utf8)).prefix(16))
    }
}

extension Tasks.Mailbox {
    package static func person(_ id: String) -> Self { Self(kind: .person, id: id) }
    /// All officers of the unit.
    package static func unit(_ id: String) -> Self { Self(kind: .unit, id: id) }
    /// The superiors of the region.
    package static func superiors(_ region: String) -> Self { Self(kind: .superior, id: region) }
    package static func committee(_ id: String) -> Self { Self(kind: .committee, id: id) }
    /// The HR department of the region.
    package static func department(_ region: String) -> Self { Self(kind: .department, id: region) }
}

extension Tasks.TaskChange {
    /// The task entered review now.
    package static func opened(
        _ task: Tasks.Task, at desk: Tasks.Mailbox, region: String = ""
    ) -> Self {
        Self(kind: .opened, task: task, desk: desk, region: region)
    }

    /// The task waits no more.
    package static func closed(
        _ id: String, _ source: String, _ kind: String, at desk: Tasks.Mailbox
    ) -> Self {
        Self(
            kind: .closed, task: Tasks.Task(id: id, source: source, kind: kind), desk: desk)
    }
}

extension ServiceEnvironment {
    /// Delivers announcements to the task centre. A deployment without one has nobody to tell: they are dropped.
    package var announcing: OutboxRelay.Delivery {
        guard let channel = try? channel(Announcement.destination) else { return { _ in } }
        let client = Tasks.NotificationsClient(channel)
        let logger = logger
        return { message in
            guard let key = IdempotencyKey(message.id) else { return }
            var request = try Tasks.PostRequest(decoding: message.payload)
            request.atMs = message.created.milliseconds
            var options = CallOptions()
            options.timeout = .seconds(5)
            options.idempotencyKey = key
            do {
                _ = try await client.post(request, options: options)
            } catch let error as RPCError where error.code == .invalidArgument {
                // It will be refused for ever; what comes after it must not wait.
                logger.error(
                    "the task centre refuses an announcement",
                    metadata: ["event": "\(request.event)", "error": "\(error)"])
            }
        }
    }

    /// A relay for a service that has nothing else to deliver.
    package var announcementRelay: OutboxRelay {
        OutboxRelay(
            database: database, deliver: [Announcement.destination: announcing], logger: logger)
    }
}
