import ZhichengClient

/// Finds tasks in the unified list.
struct TaskSearch {
    /// How far back a task is looked for in each view.
    static let deepest = 10_000

    private let tasks: Tasks.TaskCentreClient

    init(_ client: PlatformClient) { tasks = client.tasks }

    /// The first rows of a view, with the sources that did not answer.
    func rows(
        _ view: Tasks.TaskView, _ filter: Tasks.TaskFilter, limit: Int
    ) async throws -> (tasks: [Tasks.Task], unavailable: [Tasks.SourceState], hasMore: Bool) {
        var found: [Tasks.Task] = []
        var unavailable: [Tasks.SourceState] = []
        var cursor: [UInt8] = []
        repeat {
            let size = UInt32(min(200, limit - found.count))
            let reply = try await tasks.list(
                Tasks.ListTasksRequest(
                    view: view, filter: filter,
                    page: Common.PageRequest(size: size, cursor: cursor)))
            found += reply.tasks
            unavailable += reply.unavailable.filter { !unavailable.contains($0) }
            cursor = reply.nextCursor
        } while !cursor.isEmpty && found.count < limit
        return (found, unavailable, !cursor.isEmpty)
    }

    /// The task of that id, waiting or decided.
    func task(_ id: String) async throws -> Tasks.Task {
        for view in [Tasks.TaskView.pending, .processed] {
            var seen = 0
            for try await task in tasks.all(view, pageSize: 200) {
                if task.id == id { return task }
                seen += 1
                if seen == Self.deepest { break }
            }
        }
        throw CommandFailure(.refused, "没有这个任务: \(id)")
    }
}

/// 详情 and 流程 of a task's object, from the service that owns it.
struct TaskDetail {
    let values: [(label: String, value: String)]
    let flow: [Common.FlowStep]

    init(of task: Tasks.Task, _ client: PlatformClient) async throws {
        switch task.kind {
        case "registration":
            let found = try await client.identity.getRegistration(
                Identity.GetRegistrationRequest(id: task.objectID))
            values = [
                ("姓名", found.name), ("性别", found.sex), ("证件号码", found.idNumberMasked),
                ("手机号", found.phoneMasked), ("政治面貌", found.politicalStatus),
                ("邮箱", found.email), ("注册时间", day(found.registeredMs)),
                ("审核状态", found.stateLabel),
            ]
            flow = found.flow
        case "archive_item":
            let found = try await client.archive.getItem(
                Archive.GetItemRequest(id: task.objectID))
            values =
                found.screenValues
                + found.differences.map {
                    ("修改 \($0.label)", "\($0.before) → \($0.after)")
                }
            flow = found.flow
        case "withdrawal":
            let found = try await client.archive.getWithdrawal(
                Archive.GetWithdrawalRequest(id: task.objectID))
            let item = try await client.archive.getItem(
                Archive.GetItemRequest(id: found.itemID))
            values =
                [
                    ("撤回原因", found.reason), ("申请时间", minute(found.requestedMs)),
                    ("在途申报引用", found.referred ? "是" : "否"), ("状态", found.stateLabel),
                ] + item.screenValues
            flow = item.flow
        case "declaration":
            let found = try await client.declaration.get(
                Declaration.GetDeclarationRequest(id: task.objectID))
            values = found.screenValues
            flow = found.flow
        default:
            values = [("申报内容", task.title), ("申报人", task.applicantName)]
            flow = []
        }
    }

    /// For programs.
    struct Document: Encodable {
        struct Value: Encodable { let label, value: String }
        struct Step: Encodable {
            let node, action, actor, opinion: String
            let atMs: Int64
        }

        let task: TaskRow
        let values: [Value]
        let flow: [Step]

        init(task: TaskRow, _ detail: TaskDetail) {
            self.task = task
            values = detail.values.map { Value(label: $0.label, value: $0.value) }
            flow = detail.flow.map {
                Step(
                    node: $0.node, action: $0.action, actor: $0.actorName, opinion: $0.opinion,
                    atMs: $0.atMs)
            }
        }
    }
}

extension Archive.Item {
    /// Screen 3-3: what every item has, then the kind's own fields, then the evidence.
    var screenValues: [(label: String, value: String)] {
        [
            ("申报人", applicantName), ("身份证号", applicantIDMasked), ("性别", applicantSex),
            ("申报日期", day(submittedMs)),
        ] + values.map { ($0.label, $0.value) }
            + evidence.map { ("佐证材料", "\($0.fileName) \($0.byteCount) 字节") }
    }
}

extension Declaration.DeclarationDetail {
    /// Screen 4-2, 申报情况.
    var screenValues: [(label: String, value: String)] {
        let row = row ?? Declaration.DeclarationRow()
        let form = application ?? Declaration.Application()
        return [
            ("申报职称", "\(row.title)-\(row.specialty)"), ("申报形式", row.form),
            ("申报级别", row.level), ("申报人", row.applicantName), ("性别", row.sex),
            ("申报计划", row.planName), ("是否面试", form.interview ? "需要" : "不需要"),
            ("常用名", form.commonName), ("出生地", form.birthplace), ("民族", form.nation),
            ("工资级别", form.wageGrade), ("专业年限", form.specialtyYears),
            ("党政职务", form.post), ("参加工作时间", form.workStartDay),
            ("工作年限", form.workYears), ("身体状况", form.health),
            ("参加何学术团体任何职务", form.societies),
            ("流程节点", row.node), ("状态", row.status),
        ] + findings.map { ("提示", $0.message) }
    }
}
