import ZhichengClient

/// Live updates for as long as the task runs.
func follow(_ officer: PlatformClient, show: (Tasks.TaskChange) -> Void) async throws {
    // snippet: updates
    for try await update in officer.tasks.updates() {
        if update.resync { print("更新过多，请重新查看任务列表") }
        for change in update.changes { show(change) }
    }
    // end
}

/// The call itself, begun again by hand.
func followCall(_ officer: PlatformClient, from saved: Int64) async throws -> Int64 {
    // snippet: stream
    var position = saved
    var options = CallOptions()
    options.timeout = .seconds(600)
    let stream = officer.tasks.watch(
        Tasks.WatchTasksRequest(position: position), options: options)
    do {
        for try await update in stream { position = update.position }
        print("结束，可以从", position, "继续")
    } catch {
        guard error.code == .unavailable || error.code == .deadlineExceeded else { throw error }
        print("中断，可以从", position, "继续")
    }
    // end
    return position
}

/// Leaves a stream when it has what it wants.
func firstChange(_ officer: PlatformClient) async throws -> Tasks.TaskChange? {
    // snippet: leave-stream
    for try await update in officer.tasks.updates() {
        if let change = update.changes.first { return change }
    }
    // end
    return nil
}

/// Leaves a stream when the time is up.
func follow(_ officer: PlatformClient, for time: Duration) async throws {
    // snippet: cancel-stream
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            for try await update in officer.tasks.updates() { print(update.changes.count) }
        }
        try await Task.sleep(for: time)
        group.cancelAll()
    }
    // end
}

/// A file that is read when the service has room for it.
func attach(
    to item: Archive.Item, _ applicant: PlatformClient,
    read: @escaping @Sendable () throws -> [UInt8]?
) async throws -> Common.Attachment {
    // snippet: pull-pieces
    let pieces = AsyncThrowingStream<[UInt8], any Error> { try read() }
    let file = try await applicant.archive.uploadEvidence(
        Archive.UploadEvidenceRequest(
            itemID: item.id, file: Common.FileUpload(fileName: "学位证书.pdf")),
        content: pieces)
    // end
    return file
}
