public import Messages
public import RPC
public import ServiceStubs

/// A list that comes in pages, as its rows: `for try await task in client.tasks.all()`. Each iteration asks anew.
public struct PagedRows<Row: Sendable>: AsyncSequence, Sendable {
    /// One row.
    public typealias Element = Row
    /// What the call of a page throws.
    public typealias Failure = RPCError

    /// One page, and the cursor of the next; an empty cursor ends the list.
    typealias Fetch =
        @Sendable (Common.PageRequest) async throws(RPCError) -> (rows: [Row], next: [UInt8])

    private let pageSize: UInt32
    private let fetch: Fetch

    init(pageSize: Int, fetch: @escaping Fetch) {
        precondition((1...200).contains(pageSize), "a page has 1 to 200 rows")
        self.pageSize = UInt32(pageSize)
        self.fetch = fetch
    }

    /// The list page by page, as arrays of rows.
    public var pages: Pages { Pages(pageSize: pageSize, fetch: fetch) }

    /// Starts at the first page.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pages: pages.makeAsyncIterator())
    }

    /// Goes through the rows.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var pages: Pages.Iterator
        private var rows: ArraySlice<Row> = []

        fileprivate init(pages: Pages.Iterator) { self.pages = pages }

        /// The next row; nil after the last one.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(RPCError) -> Row? {
            while rows.isEmpty {
                guard let page = try await pages.next(isolation: actor) else { return nil }
                rows = page[...]
            }
            return rows.removeFirst()
        }
    }

    /// The list page by page.
    public struct Pages: AsyncSequence, Sendable {
        /// The rows of one page; it may be empty and not the last.
        public typealias Element = [Row]
        /// What the call of a page throws.
        public typealias Failure = RPCError

        fileprivate let pageSize: UInt32
        fileprivate let fetch: Fetch

        /// Starts at the first page.
        public func makeAsyncIterator() -> Iterator { Iterator(pageSize: pageSize, fetch: fetch) }

        /// Goes through the pages.
        public struct Iterator: AsyncIteratorProtocol {
            private let pageSize: UInt32
            private let fetch: Fetch
            /// Nil after the last page.
            private var cursor: [UInt8]? = []

            fileprivate init(pageSize: UInt32, fetch: @escaping Fetch) {
                self.pageSize = pageSize
                self.fetch = fetch
            }

            /// The next page; nil after the last one.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(RPCError) -> [Row]? {
                guard let cursor else { return nil }
                let (rows, next) = try await fetch(
                    Common.PageRequest(size: pageSize, cursor: cursor))
                // A cursor that comes back unchanged would never end.
                self.cursor = next.isEmpty || next == cursor ? nil : next
                return rows
            }
        }
    }
}

extension Tasks.TaskCentreClient {
    /// 待处理 or 已处理 as rows. A source that does not answer is missing from them; ask `list` to learn its name.
    public func all(
        _ view: Tasks.TaskView = .pending, filter: Tasks.TaskFilter = Tasks.TaskFilter(),
        pageSize: Int = 100
    ) -> PagedRows<Tasks.Task> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await list(
                Tasks.ListTasksRequest(view: view, filter: filter, page: page))
            return (reply.tasks, reply.nextCursor)
        }
    }
}

extension Tasks.NotificationsClient {
    /// 通知 as rows, newest first.
    /// - Parameter unread: only those that the signed-in person has not read.
    public func all(unread: Bool = false, pageSize: Int = 100) -> PagedRows<Tasks.Notification> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await list(
                Tasks.ListNotificationsRequest(unread: unread, page: page))
            return (reply.notifications, reply.nextCursor)
        }
    }
}

extension Identity.IdentityClient {
    /// 人员注册审核 as rows, newest first.
    /// - Parameter former: 已调出: those who left for another unit, as they were; neither search nor state then.
    public func allRegistrations(
        search: String = "", state: Identity.RegistrationState = .unspecified,
        former: Bool = false, pageSize: Int = 100
    ) -> PagedRows<Identity.Registration> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listRegistrations(
                Identity.ListRegistrationsRequest(
                    search: search, state: state, page: page, former: former))
            return (reply.registrations, reply.nextCursor)
        }
    }

    /// 变更申请 of 单位性质 and 属地 as rows, newest first: the unit's own, or those of the HR department's region.
    public func allUnitChanges(
        state: Identity.UnitChangeState = .unspecified, pageSize: Int = 100
    ) -> PagedRows<Identity.UnitChange> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listUnitChanges(
                Identity.ListUnitChangesRequest(state: state, page: page))
            return (reply.changes, reply.nextCursor)
        }
    }

    /// Who looked at the signed-in applicant's numbers in clear, as rows, newest first.
    public func allReveals(pageSize: Int = 100) -> PagedRows<Identity.Reveal> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listReveals(Identity.ListRevealsRequest(page: page))
            return (reply.reveals, reply.nextCursor)
        }
    }
}

extension Archive.ArchiveClient {
    /// The items of one kind, or of every kind, as rows, newest first.
    public func allItems(
        kind: String = "", search: String = "", state: Archive.ItemState = .unspecified,
        pageSize: Int = 100
    ) -> PagedRows<Archive.Item> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listItems(
                Archive.ListItemsRequest(kind: kind, search: search, state: state, page: page))
            return (reply.items, reply.nextCursor)
        }
    }

    /// 撤回申请 as rows, newest first: requests to withdraw what was passed.
    public func allWithdrawals(
        search: String = "", state: Archive.WithdrawalState = .unspecified, pageSize: Int = 100
    ) -> PagedRows<Archive.Withdrawal> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listWithdrawals(
                Archive.ListWithdrawalsRequest(search: search, state: state, page: page))
            return (reply.withdrawals, reply.nextCursor)
        }
    }
}

extension Declaration.DeclarationClient {
    /// 申报情况 as rows, newest first.
    public func all(
        _ view: Declaration.DeclarationView = .all, name: String = "", pageSize: Int = 100
    ) -> PagedRows<Declaration.DeclarationRow> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await list(
                Declaration.ListDeclarationsRequest(view: view, name: name, page: page))
            return (reply.rows, reply.nextCursor)
        }
    }

    /// 公示表: the unit's notices as rows, newest first.
    /// - Parameter running: only those that run.
    public func allNotices(
        running: Bool = false, pageSize: Int = 100
    ) -> PagedRows<Declaration.Notice> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listNotices(
                Declaration.ListNoticesRequest(running: running, page: page))
            return (reply.notices, reply.nextCursor)
        }
    }

    /// 委托 as rows, newest first: the unit's own, or those that the signed-in party decides.
    public func allEntrustments(pageSize: Int = 100) -> PagedRows<Declaration.Entrustment> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listEntrustments(
                Declaration.ListEntrustmentsRequest(page: page))
            return (reply.entrustments, reply.nextCursor)
        }
    }

    /// 评审计划 as rows.
    public func allPlans(
        name: String = "", year: Int32 = 0, openOnly: Bool = false, pageSize: Int = 100
    ) -> PagedRows<Declaration.Plan> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listPlans(
                Declaration.ListPlansRequest(
                    name: name, year: year, openOnly: openOnly, page: page))
            return (reply.plans, reply.nextCursor)
        }
    }
}

extension Quota.QuotaClient {
    /// 岗位核准信息 as rows, newest year first.
    /// - Parameter unit: whose; only an HR department names one, of its jurisdiction.
    public func allRecords(
        unit: String = "", pageSize: Int = 100
    ) -> PagedRows<Quota.Record> {
        PagedRows(pageSize: pageSize) { page throws(RPCError) in
            let reply = try await listRecords(Quota.ListRecordsRequest(page: page, unitID: unit))
            return (reply.records, reply.nextCursor)
        }
    }
}
