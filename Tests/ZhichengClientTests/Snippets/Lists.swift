import ZhichengClient

/// The rows of a list, one after the other.
func titles(_ officer: PlatformClient) async throws -> [String] {
    var titles: [String] = []
    // snippet: rows
    for try await task in officer.tasks.all(.pending) {
        titles.append(task.title)
        if titles.count == 500 { break }
    }
    // end
    return titles
}

/// The pages of a list.
func pageSizes(_ officer: PlatformClient) async throws -> [Int] {
    var sizes: [Int] = []
    // snippet: pages
    let filter = Tasks.TaskFilter(kinds: ["archive_item"])
    for try await page in officer.tasks.all(.pending, filter: filter, pageSize: 50).pages {
        sizes.append(page.count)
    }
    // end
    return sizes
}

/// One page with what the reply says besides its rows.
func missingSources(_ officer: PlatformClient) async throws -> [String] {
    // snippet: one-page
    let reply = try await officer.tasks.list(
        Tasks.ListTasksRequest(view: .pending, page: Common.PageRequest(size: 20)))
    let missing = reply.unavailable.map(\.source)
    let hasMore = !reply.nextCursor.isEmpty
    // end
    return missing + (hasMore ? ["…"] : [])
}
